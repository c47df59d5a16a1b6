"""What of the privacy duties waits for a person: for the console's home and for alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from gdpr.duties.models import Breach, PrivacyRequest, RequestState


@dataclass(frozen=True, kw_only=True)
class Duty:
    """A request to answer, or a breach to notify, and until when."""

    kind: str
    id: UUID
    title: str
    due_at: datetime
    is_late: bool
    days_left: int


def due_duties(*, at: datetime, limit: int = 20) -> list[Duty]:
    """Open requests and breaches that are not settled, the most urgent first. Two queries."""
    requests = PrivacyRequest.objects.filter(state=RequestState.OPEN).order_by("due_at")[:limit]
    unsettled = Q(authority_notified_at=None, why_not_notified="")
    breaches = Breach.objects.filter(unsettled).order_by("detected_at")[:limit]
    found = [
        *(_duty("request", row.pk, row.get_kind_display(), row.due_at, at=at) for row in requests),
        *(_duty("breach", row.pk, row.title, row.notify_by, at=at) for row in breaches),
    ]
    return sorted(found, key=lambda duty: duty.due_at)[:limit]


def _duty(kind: str, pk: UUID, title: str, due_at: datetime, *, at: datetime) -> Duty:
    left = due_at - at
    return Duty(
        kind=kind, id=pk, title=title, due_at=due_at, is_late=left < timedelta(0), days_left=max(0, left.days)
    )
