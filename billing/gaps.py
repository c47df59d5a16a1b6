"""Events that Stripe has and we do not. Nobody hears of a webhook that never came, so every hour we ask."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from djstripe.models import Event, WebhookEventTrigger

from billing import gateway
from billing.endpoints import EVENTS
from billing.webhooks import customer_of

# A webhook is on its way for so long.
PATIENCE = timedelta(minutes=15)
# How far to look back the first time. Stripe lists events of 30 days, and we keep them as long.
FIRST_LOOK, FARTHEST_LOOK = timedelta(days=3), timedelta(days=28)


@dataclass(frozen=True, kw_only=True)
class Missing:
    """An event that never came. `customer_id` is empty for one about nobody, such as a price."""

    event_id: str
    kind: str
    customer_id: str


def find(*, since: datetime | None, until: datetime, customers: Collection[str]) -> list[Missing]:
    """The events from `since` to `until` about these customers, or about nobody, that we do not have.

    One that came and could not be processed is not missing. Raises PaymentsUnavailable.
    """
    start = max(since or until - FIRST_LOOK, until - FARTHEST_LOOK)
    created: Any = {"gt": int(start.timestamp()), "lte": int(until.timestamp())}
    with gateway.asking("events.list"):
        listed = gateway.client().v1.events.list({"limit": 100, "created": created}).auto_paging_iter()
        theirs = [_missing(event.to_dict()) for event in listed if event.type in EVENTS]
    wanted = [each for each in theirs if not each.customer_id or each.customer_id in customers]
    ours = _known([each.event_id for each in wanted], since=start)
    return [each for each in wanted if each.event_id not in ours]


def _missing(event: dict[str, Any]) -> Missing:
    return Missing(event_id=event["id"], kind=event["type"], customer_id=customer_of(event))


def _known(ids: list[str], *, since: datetime) -> set[str]:
    """Those of these events that are in the mirror, or that came and failed: the console shows these."""
    failed = WebhookEventTrigger.objects.filter(valid=True, processed=False, created__gte=since)
    came = {trigger.json_body.get("id") for trigger in failed.iterator()}
    return came | set(Event.objects.filter(id__in=ids).values_list("id", flat=True))
