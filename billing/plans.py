"""The plans on offer: what METERING_PLANS grants, at the price BILLING_PRICES asks."""

from __future__ import annotations

from dataclasses import dataclass

from billing import conf
from metering import conf as metering_conf
from metering import entitlements
from metering.meters import Meter, Shown, in_use


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan as people compare it. Limits are in shown units, None is unlimited; no price is by agreement."""

    name: str
    price: int | None
    currency: str
    limits: dict[str, Shown | None]
    features: list[str]

    @property
    def title(self) -> str:
        """The name on the page."""
        return self.name.capitalize()


def offered() -> list[Plan]:
    """Every plan in the order of METERING_PLANS, smallest first."""
    return [_plan(name) for name in metering_conf.plans()]


def _plan(name: str) -> Plan:
    granted = entitlements.of_plan(name)
    return Plan(
        name=name,
        price=conf.prices().get(name),
        currency=conf.currency(),
        limits={meter.value: _shown(meter, granted.limit(meter)) for meter in in_use()},
        features=sorted(granted.features),
    )


def _shown(meter: Meter, limit: int | None) -> Shown | None:
    return None if limit is None else meter.shown(limit)
