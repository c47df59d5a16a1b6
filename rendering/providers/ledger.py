"""What a tenant has made outside: counted before the call, so that the limit holds whoever calls at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from cutroom import clock
from rendering import conf
from rendering.providers.errors import SPENT, ProviderError
from rendering.providers.models import CallState, ProviderCall
from tenants.context import tenant_context

_SPEND = """
INSERT INTO rendering_providerspend AS s (tenant_id, month, calls, cost_micros)
SELECT %(tenant)s, %(month)s, 1, %(cost)s
WHERE %(most_cost)s = 0 OR %(cost)s <= %(most_cost)s
ON CONFLICT (tenant_id, month) DO UPDATE SET calls = s.calls + 1, cost_micros = s.cost_micros + %(cost)s
WHERE (%(most_calls)s = 0 OR s.calls < %(most_calls)s)
  AND (%(most_cost)s = 0 OR s.cost_micros + %(cost)s <= %(most_cost)s)
RETURNING calls
"""
_REFUND = """
UPDATE rendering_providerspend SET calls = greatest(0, calls - 1),
  cost_micros = greatest(0, cost_micros - %(cost)s)
WHERE tenant_id = %(tenant)s AND month = %(month)s
"""


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """The right to one call, already counted. `key` is sent as the idempotency key."""

    tenant_id: UUID
    key: UUID


def begin(*, tenant_id: UUID, key: UUID, provider: str, cost_micros: int) -> Ticket:
    """Count a call against the tenant's month. Raises ProviderError (budget spent), and counts nothing.

    A call that was begun before and whose answer never came is the same call: the provider knows its key, and
    it is counted once.
    """
    at = clock.now()
    with tenant_context(tenant_id):
        call = ProviderCall.objects.select_for_update().filter(pk=key).first()
        if call is not None and call.state != CallState.FAILED:
            call.tries += 1
            call.save(update_fields=["tries"])
            return Ticket(tenant_id=tenant_id, key=key)
        _count(tenant_id, cost_micros)
        if call is None:
            call = ProviderCall(id=key, provider=provider, tries=0)
        call.state, call.cost_micros, call.created_at = CallState.OPEN, cost_micros, at
        call.tries += 1
        call.save()
    return Ticket(tenant_id=tenant_id, key=key)


def succeed(ticket: Ticket, *, request_id: str, seconds: float) -> None:
    """The answer came. Written before it is used, so that its number is known whatever happens next."""
    with tenant_context(ticket.tenant_id):
        ProviderCall.objects.filter(pk=ticket.key).update(
            state=CallState.SUCCEEDED,
            request_id=request_id[:120],
            seconds=round(seconds, 3),
            ended_at=clock.now(),
            error_code="",
        )


def fail(ticket: Ticket, *, code: str, is_unpaid: bool) -> None:
    """The call failed. `is_unpaid` when the provider itself refused it; else nobody knows, and it stays."""
    with tenant_context(ticket.tenant_id):
        call = ProviderCall.objects.select_for_update().filter(pk=ticket.key).first()
        if call is None:
            return
        call.error_code, call.ended_at = code, clock.now()
        if is_unpaid and call.state == CallState.OPEN:
            call.state = CallState.FAILED
            _refund(call)
            call.cost_micros = 0
        call.save()


def _count(tenant_id: UUID, cost_micros: int) -> None:
    limits = {"most_calls": conf.provider_calls(), "most_cost": conf.provider_micros()}
    values: dict[str, Any] = {
        "tenant": tenant_id,
        "month": clock.now().date().replace(day=1),
        "cost": cost_micros,
        **limits,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, values)
        if cursor.fetchone() is None:
            detail = "This month's allowance for outside providers is used up."
            raise ProviderError(SPENT, detail)


def _refund(call: ProviderCall) -> None:
    month = call.created_at.date().replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute(_REFUND, {"tenant": call.tenant_id, "month": month, "cost": call.cost_micros})
