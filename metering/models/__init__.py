"""Tables of the metering app: the ledger, what a tenant is allowed, and what it is told."""

from metering.models.allowances import (
    CreditDraw,
    CreditLot,
    LimitOverride,
    LimitRequest,
    OverrideKind,
    RequestState,
)
from metering.models.ledger import (
    QuotaCounter,
    Reservation,
    ReservationState,
    Sharer,
    UsageDaily,
    UsageEvent,
    UsageShare,
)
from metering.models.notices import AlertChoice, Notice, NoticeKind, SimulatedRefusal, ThresholdCrossing
from metering.models.records import SiteDay, StorageCount, UsageSegment

__all__ = [
    "AlertChoice",
    "CreditDraw",
    "CreditLot",
    "LimitOverride",
    "LimitRequest",
    "Notice",
    "NoticeKind",
    "OverrideKind",
    "QuotaCounter",
    "RequestState",
    "Reservation",
    "ReservationState",
    "Sharer",
    "SimulatedRefusal",
    "SiteDay",
    "StorageCount",
    "ThresholdCrossing",
    "UsageDaily",
    "UsageEvent",
    "UsageSegment",
    "UsageShare",
]
