"""Refusals of the metering app. Those of quota are 402 and say the way out."""

from __future__ import annotations

from datetime import datetime

from cutroom.errors import Conflict, DomainError
from metering import conf
from metering.meters import Meter, percent_of


class QuotaExceeded(DomainError):
    """A reservation that does not fit under the limit.

    The percentage of the sentence is what is already taken: used plus held by renders that still run. Held
    counts, because "10% of 500 limit" would make no sense to somebody whose running renders hold the rest.
    Members are in shown units (minutes, GB, pieces).
    """

    code = "quota-exceeded"
    status = 402
    title = "Usage limit reached"

    def __init__(
        self, *, meter: Meter, used: int, held: int, limit: int, requested: int, resets_at: datetime | None
    ) -> None:
        self.meter = meter
        percent = int(percent_of(used + held, limit))
        super().__init__(
            f"Usage quota exceeded for {meter.value} ({percent}% of {meter.shown(limit)} limit)",
            meter=meter.value,
            unit=meter.unit,
            used=meter.shown(used),
            held=meter.shown(held),
            limit=meter.shown(limit),
            requested=meter.shown_up(requested),
            resets_at=resets_at.isoformat().replace("+00:00", "Z") if resets_at else None,
            upgrade_url=conf.upgrade_url(),
        )


class PlanRequired(DomainError):
    """A feature that the plan of the tenant does not have; `plan` is the smallest one that does."""

    code = "plan-required"
    status = 402
    title = "This needs a larger plan"

    def __init__(self, *, feature: str, plan: str) -> None:
        super().__init__(
            f"{feature} needs the {plan} plan.", feature=feature, plan=plan, upgrade_url=conf.upgrade_url()
        )


class FeatureNotOffered(DomainError):
    """A feature that no plan has, so no payment helps."""

    code = "feature-not-offered"
    status = 403
    title = "No plan here has this"

    def __init__(self, *, feature: str) -> None:
        super().__init__(
            f"No plan here has {feature}. Whoever runs this site can add it to one.", feature=feature
        )


class RequestWaits(Conflict):
    """A request for more of the same meter is still open."""

    code = "limit-request-open"
    title = "You asked for more of this already; the answer is on its way"


class RequestAnswered(Conflict):
    """An operator has answered this request before."""

    code = "limit-request-answered"
    title = "This request was answered already"
