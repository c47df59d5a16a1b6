"""What a plan grants: limits and features, asked through one seam (METERING_ENTITLEMENTS)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from django.utils.module_loading import import_string

from metering import conf
from metering.meters import Meter

Provider = Callable[[UUID], "Entitlements"]


@dataclass(frozen=True, kw_only=True)
class Entitlements:
    """A plan's name, its limits in the smallest unit (an absent meter is unlimited) and its features."""

    plan: str
    limits: Mapping[Meter, int] = field(default_factory=dict)
    features: frozenset[str] = frozenset()

    def limit(self, meter: Meter) -> int | None:
        """The limit of `meter` in the smallest unit; None is unlimited."""
        return self.limits.get(meter)


def for_tenant(tenant_id: UUID) -> Entitlements:
    """What the tenant may use now, by the provider in METERING_ENTITLEMENTS."""
    provider = cast(Provider, import_string(conf.entitlements_path()))
    return provider(tenant_id)


def default_plan(tenant_id: UUID) -> Entitlements:
    """The provider without billing: everybody has METERING_DEFAULT_PLAN."""
    return of_plan(conf.default_plan())


def of_plan(plan: str) -> Entitlements:
    """The entitlements of `plan` as METERING_PLANS has them. Raises KeyError for a plan that is not there."""
    declared = conf.plans()[plan]
    limits = {Meter(name): Meter(name).smallest(shown) for name, shown in declared["limits"].items()}
    return Entitlements(plan=plan, limits=limits, features=frozenset(declared["features"]))


def smallest_plan_with(feature: str) -> str:
    """The first plan of METERING_PLANS that has `feature`. Raises LookupError when none has."""
    for name, plan in conf.plans().items():
        if feature in plan["features"]:
            return name
    raise LookupError(f"No plan has the feature {feature}")
