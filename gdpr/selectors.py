"""What of the privacy duties waits for a person: for the console's home and for alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import DurationField, F, Value

from gdpr import conf
from gdpr.duties.models import Breach, PrivacyRequest, RequestKind, RequestState


@dataclass(frozen=True, kw_only=True)
class Duty:
    """A request to answer, or a breach to notify, and until when."""

    kind: str
    id: UUID
    title: str
    since: datetime
    due_at: datetime
    is_late: bool
    days_left: int


def due_duties(*, at: datetime, limit: int = 20) -> list[Duty]:
    """Open requests and breaches that are not settled, the most urgent first. One query."""
    period = Value(timedelta(hours=conf.breach_hours()), output_field=DurationField())
    requests = PrivacyRequest.objects.using("ops").filter(state=RequestState.OPEN)
    asked = requests.values_list(Value("request"), "pk", "kind", "received_at", "due_at")
    breaches = Breach.objects.filter(authority_notified_at=None, why_not_notified="")
    happened = breaches.values_list(Value("breach"), "pk", "title", "detected_at", F("detected_at") + period)
    rows = asked.union(happened, all=True).order_by("due_at")[:limit]
    return [_duty(*row, at=at) for row in rows]


def _duty(kind: str, pk: UUID, title: str, since: datetime, due_at: datetime, *, at: datetime) -> Duty:
    name = RequestKind(title).label if kind == "request" else title
    left = due_at - at
    return Duty(
        kind=kind,
        id=pk,
        title=str(name),
        since=since,
        due_at=due_at,
        is_late=left < timedelta(0),
        days_left=max(0, left.days),
    )
