"""Deeds on limits: another limit, credits, and the answer to a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.urls import reverse

from cutroom import clock
from metering import allowances, readings, requests
from metering.console.forms import CreditsForm, EndOverrideForm, GrantForm, OverrideForm
from metering.meters import Meter
from metering.models import LimitRequest, OverrideKind, RequestState
from tenants.console.deeds import Deed, Target, Wish, deed
from tenants.console.tenant_deeds import TenantDeed
from tenants.context import tenant_context


@deed
class Override(TenantDeed):
    """A limit of a tenant's own."""

    name, title, button, done = "override-limit", "Change a limit", "Change the limit", "Limit changed"
    form = OverrideForm

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """From what to what, and where the tenant stands."""
        if not choices:
            return ["The limit holds from the next request on, and ends by itself when it has an end."]
        meter = Meter(choices["meter"])
        return [_change(target, meter, choices["limit"], choices["until"]) for target in targets]

    def perform(self, target: Target, wish: Wish) -> None:
        """Write the override; the one before ends."""
        meter = Meter(wish.choices["meter"])
        allowances.override_limit(
            meter=meter,
            limit=_smallest(meter, wish.choices["limit"]),
            kind=OverrideKind(wish.choices["kind"]),
            reason=wish.reason,
            author_id=wish.operator_id,
            at=wish.at,
            expires_at=wish.choices["until"],
        )


@deed
class EndOverride(TenantDeed):
    """Back to what the plan grants."""

    name, title, button, done = "end-override", "End an override", "End it", "Override ended"
    form = EndOverrideForm

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """What counts then."""
        return ["The limit of the plan counts again from the next request on."]

    def perform(self, target: Target, wish: Wish) -> None:
        """End it."""
        allowances.end_override(
            meter=Meter(wish.choices["meter"]), reason=wish.reason, author_id=wish.operator_id, at=wish.at
        )


@deed
class Credits(TenantDeed):
    """Give usage beside the plan."""

    name, title, button, done = "give-credits", "Give credits", "Give", "Credits given"
    form = CreditsForm

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """How much, and how far that reaches."""
        if not choices:
            return ["Credits are used once a limit is full, those that end soonest first."]
        meter, amount = Meter(choices["meter"]), choices["amount"]
        return [_gift(target, meter, amount, choices["until"]) for target in targets]

    def perform(self, target: Target, wish: Wish) -> None:
        """Add the lot; the key of the deed is its key."""
        meter = Meter(wish.choices["meter"])
        allowances.add_credits(
            key=f"operator:{wish.key}",
            meter=meter,
            amount=meter.smallest(wish.choices["amount"]),
            reason=wish.reason,
            author_id=wish.operator_id,
            at=wish.at,
            expires_at=wish.choices["until"],
        )


class RequestDeed(Deed):
    """A deed on requests for a higher limit."""

    def targets(self, ids: Sequence[UUID]) -> list[Target]:
        """The requests of these ids, the oldest first."""
        rows = LimitRequest.everywhere.using("ops").select_related("tenant").filter(pk__in=ids)
        return [_request_target(row) for row in rows.order_by("created_at", "pk")]


@deed
class Grant(RequestDeed):
    """Grant a request as an override."""

    name, title, button, done = "grant-request", "Grant the request", "Grant", "Granted"
    form = GrantForm

    def initial(self, targets: Sequence[Target]) -> dict[str, Any]:
        """As much as was asked."""
        row = LimitRequest.everywhere.using("ops").get(pk=targets[0].id)
        return {"limit": Meter(row.meter).shown(row.wanted_amount)}

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """From what to what; whoever asked is told."""
        told = "Whoever asked gets a mail with your reason as the answer."
        if not choices:
            return [told]
        rows = LimitRequest.everywhere.using("ops").in_bulk([UUID(target.id) for target in targets])
        return [
            *(
                _change(target, Meter(rows[UUID(target.id)].meter), choices["limit"], choices["until"])
                for target in targets
            ),
            told,
        ]

    def perform(self, target: Target, wish: Wish) -> None:
        """Grant it."""
        row = LimitRequest.objects.get(pk=target.id)
        requests.grant(
            request_id=row.pk,
            limit=_smallest(Meter(row.meter), wish.choices["limit"]),
            reason=wish.reason,
            operator_id=wish.operator_id,
            at=wish.at,
            expires_at=wish.choices["until"],
        )


@deed
class Decline(RequestDeed):
    """Decline a request."""

    name, title, button, done = "decline-request", "Decline the request", "Decline", "Declined"
    is_dangerous = True

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """Whoever asked is told."""
        return ["The limit stays as it is. Whoever asked gets a mail with your reason as the answer."]

    def perform(self, target: Target, wish: Wish) -> None:
        """Decline it."""
        requests.decline(
            request_id=UUID(target.id), reason=wish.reason, operator_id=wish.operator_id, at=wish.at
        )


def _request_target(row: LimitRequest) -> Target:
    meter = Meter(row.meter)
    is_open = row.state == RequestState.OPEN
    return Target(
        tenant_id=row.tenant_id,
        kind="limit-request",
        id=str(row.pk),
        label=f"{row.tenant.name}: {meter.shown(row.wanted_amount):g} {meter.label}",
        url=reverse("admin:requests"),
        refusal="" if is_open else f"It was {row.get_state_display()} already.",
    )


def _change(target: Target, meter: Meter, limit: Decimal | None, until: datetime | None) -> str:
    with tenant_context(target.tenant_id):
        now = readings.of_meter(target.tenant_id, meter, clock.now())
    before = _words(meter, now.limit)
    after = "unlimited" if limit is None else f"{limit.normalize():f}"
    taken = f"{meter.shown(now.taken):g} {meter.unit_word}".strip()
    return f"{str(meter.label).capitalize()}: {before} → {after}{_end(until)}. {target.label} is at {taken}."


def _gift(target: Target, meter: Meter, amount: Decimal, until: datetime | None) -> str:
    with tenant_context(target.tenant_id):
        now = readings.of_meter(target.tenant_id, meter, clock.now())
    taken = f"{meter.shown(now.taken):g} of {_words(meter, now.limit)}"
    return f"{amount.normalize():f} {meter.label}{_end(until)}. {target.label} is at {taken}."


def _end(until: datetime | None) -> str:
    return "" if until is None else f", until {until:%-d %b %Y} 00:00 UTC"


def _words(meter: Meter, amount: int | None) -> str:
    return "unlimited" if amount is None else f"{meter.shown(amount):g}"


def _smallest(meter: Meter, shown: Decimal | None) -> int | None:
    return None if shown is None else meter.smallest(shown)
