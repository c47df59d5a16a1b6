"""Stripe's customer portal: card, invoices, cancellation, and the change from one paid plan to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from djstripe.models import Subscription

from billing import conf, customers, gateway, selectors
from billing.errors import NothingToManage
from tenants import audit
from tenants.context import tenant_context


@dataclass(frozen=True, kw_only=True)
class PortalSession:
    """A visit to the portal; the address works once and soon."""

    url: str
    session_id: str


def open_portal(*, tenant_id: UUID, for_card: bool = False) -> PortalSession:
    """The portal of the tenant, or only its page for another card.

    Raises NothingToManage for a tenant that never wanted to pay, PaymentsNotSetUp, PaymentsUnavailable. Call
    outside any transaction.
    """
    return _open(tenant_id, {"type": "payment_method_update"} if for_card else None)


def open_for_plan(*, tenant_id: UUID, plan: str) -> PortalSession:
    """The portal's page that confirms a change to `plan`: at once when larger, else at the period's end."""
    with tenant_context(tenant_id):
        subscription_id = selectors.subscription(tenant_id).subscription_id
    document = Subscription.objects.values_list("stripe_data", flat=True).get(id=subscription_id)
    item = document["items"]["data"][0]["id"]
    change = {
        "subscription": subscription_id,
        "items": [{"id": item, "price": customers.price_id(plan), "quantity": 1}],
    }
    return _open(tenant_id, {"type": "subscription_update_confirm", "subscription_update_confirm": change})


def _open(tenant_id: UUID, flow: dict[str, Any] | None) -> PortalSession:
    setup = customers.setup()
    customer_id = customers.customer_id(tenant_id)
    if customer_id is None:
        raise NothingToManage()
    # Back through a page that asks Stripe what was done there: the webhooks may be slower.
    page = f"{conf.site_url()}/billing/return?changed=1"
    params: Any = {
        "customer": customer_id,
        "configuration": setup.portal_configuration_id,
        "return_url": page,
    }
    if flow is not None:
        back = {"type": "redirect", "redirect": {"return_url": page}}
        params["flow_data"] = {**flow, "after_completion": back}
    with gateway.asking("portal.create"):
        session = gateway.client().v1.billing_portal.sessions.create(params)
    with tenant_context(tenant_id):
        audit.record("portal.opened", detail={"flow": (flow or {}).get("type", "")})
    return PortalSession(url=session.url, session_id=session.id)
