"""What a neighbour pays for, at the stand-in for Stripe; nothing where Stripe is real."""

from __future__ import annotations

from datetime import datetime

from billing import checkout, conf, gifts
from billing.standin import courier, sessions, state
from tenants import audit
from tenants.context import tenant_context
from tenants.models import Tenant
from tenants.neighbours import Neighbour, furnishes

CARD = "4242"


@furnishes("plan", order=15)
def plan(tenant: Tenant, neighbour: Neighbour, at: datetime) -> None:
    """Bought by card, with its webhooks, or given."""
    if neighbour.plan and conf.is_stand_in():
        session_id = checkout.start(tenant_id=tenant.pk, plan=neighbour.plan).session_id
        with state.opened() as store:
            sessions.pay(store, store.get(session_id, "checkout.session"), last4=CARD)
        courier.deliver()
    if neighbour.given:
        with tenant_context(tenant.pk):
            gifts.give(tenant_id=tenant.pk, plan=neighbour.given, until=None, at=at)
            audit.record("tenant.plan-given", target=f"tenant:{tenant.pk}", detail={"plan": neighbour.given})
