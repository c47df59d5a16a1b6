"""What a plan grants: limits and features, asked through one seam (METERING_ENTITLEMENTS)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString, cast
from uuid import UUID

from django.utils.module_loading import import_string

from metering import conf
from metering.errors import FeatureNotOffered
from metering.meters import Meter

Provider = Callable[[UUID], "Entitlements"]
Attempt = tuple["Entitlements", "Premise"]
Memory = Callable[[UUID], Attempt | None]

HARD = 0
SIMULATED = -1
_SLACK_WORDS = {"hard": HARD, "simulate": SIMULATED}


@dataclass(frozen=True, kw_only=True)
class Entitlements:
    """A plan's name, its limits in the smallest unit (an absent meter is unlimited) and its features.

    `slacks` is by how many percent a limit may be passed: HARD (also where a meter is absent) by none, and
    SIMULATED only records what would have been refused.
    """

    plan: str
    limits: Mapping[Meter, int] = field(default_factory=dict)
    features: frozenset[str] = frozenset()
    slacks: Mapping[Meter, int] = field(default_factory=dict)

    def limit(self, meter: Meter) -> int | None:
        """The limit of `meter` in the smallest unit; None is unlimited."""
        return self.limits.get(meter)

    def slack(self, meter: Meter) -> int:
        """The percentage above the limit of `meter` that is still admitted, or SIMULATED."""
        return self.slacks.get(meter, HARD)


@dataclass(frozen=True, kw_only=True)
class Premise:
    """What an answer rests on: an SQL expression that is true as long as the answer holds.

    It may name `%(tenant_id)s` and its own `values`.
    """

    condition: LiteralString = "true"
    values: Mapping[str, Any] = field(default_factory=dict)


def for_tenant(tenant_id: UUID) -> Entitlements:
    """What the tenant may use now, by the provider in METERING_ENTITLEMENTS."""
    return _provider()(tenant_id)


def attempts(tenant_id: UUID) -> Iterator[Attempt]:
    """What the tenant may use, to be tried in turn by a statement that judges the premise as well.

    A provider with a method `remembered` says first what it would answer if nothing has changed since it was
    last asked; the last one is read now and holds in any case.
    """
    provider = _provider()
    remembered: Memory | None = getattr(provider, "remembered", None)
    if remembered is not None and (answer := remembered(tenant_id)):
        yield answer
    yield provider(tenant_id), Premise()


def _provider() -> Provider:
    return cast(Provider, import_string(conf.entitlements_path()))


def default_plan(tenant_id: UUID) -> Entitlements:
    """The provider without billing: everybody has METERING_DEFAULT_PLAN."""
    return of_plan(conf.default_plan())


def of_plan(plan: str) -> Entitlements:
    """The entitlements of `plan` as METERING_PLANS has them. Raises KeyError for a plan that is not there."""
    declared = conf.plans()[plan]
    seen, granted = _read_before.get(plan, (None, None))
    if granted is None or seen is not declared:
        granted = _read(plan, declared)
        _read_before[plan] = (declared, granted)
    return granted


def smallest_plan_with(feature: str) -> str:
    """The first plan of METERING_PLANS that has `feature`. Raises FeatureNotOffered when none has."""
    for name, plan in conf.plans().items():
        if feature in plan["features"]:
            return name
    raise FeatureNotOffered(feature=feature)


def largest_plan() -> str:
    """The last plan of METERING_PLANS: there is nothing to upgrade to."""
    return list(conf.plans())[-1]


# Plans are read on every request and change only with the settings: beside each, what it was read from.
_read_before: dict[str, tuple[Mapping[str, Any], Entitlements]] = {}


def _read(plan: str, declared: Mapping[str, Any]) -> Entitlements:
    slacks = {Meter(name): _slack(value) for name, value in declared.get("slack", {}).items()}
    limits = {Meter(name): Meter(name).smallest(shown) for name, shown in declared["limits"].items()}
    return Entitlements(plan=plan, limits=limits, features=frozenset(declared["features"]), slacks=slacks)


def _slack(value: int | str) -> int:
    slack = _SLACK_WORDS[value] if isinstance(value, str) else value
    if slack < SIMULATED:
        raise ValueError(f"slack is a percentage, hard or simulate, not {value}")
    return slack
