"""Where Stripe sends its events: one webhook endpoint for this installation, with a secret we know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from djstripe.models import WebhookEndpoint

from billing import conf, gateway

MARK = {"made_by": "cutroom"}
EVENTS = (
    "checkout.session.completed",
    "checkout.session.expired",
    "coupon.created",
    "coupon.updated",
    "customer.created",
    "customer.deleted",
    "customer.updated",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "invoice.created",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.updated",
    "invoice.voided",
    "payment_method.attached",
    "payment_method.detached",
    "payment_method.updated",
    "price.created",
    "price.updated",
    "product.created",
    "product.updated",
    "promotion_code.created",
    "promotion_code.updated",
    "subscription_schedule.created",
    "subscription_schedule.released",
    "subscription_schedule.updated",
)
_NAMESPACE = UUID("5f6f2b5c-6a0e-4f4c-9a4e-2f0f3c1f6a11")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing in Stripe, and whether it was there: kept, changed or made."""

    thing: str
    name: str
    outcome: str


def ensure(account_id: str, *, is_dry_run: bool) -> Step:
    """The endpoint is at Stripe, its secret is here. A secret is told once; a lost one is made anew."""
    row = WebhookEndpoint.objects.filter(djstripe_owner_account_id=account_id).first()
    uuid = row.djstripe_uuid if row else uuid5(_NAMESPACE, f"{account_id} {conf.site_url()}")
    url = f"{conf.site_url()}/api/billing/webhook/{uuid}"
    if conf.webhook_secret():
        return _learn(row, uuid, url, account_id, is_dry_run=is_dry_run)
    theirs = _listed().get(row.id) if row else None
    if theirs is None:
        if not is_dry_run:
            _make(uuid, url)
        return Step(thing="webhook endpoint", name=url, outcome="made")
    is_same = theirs.url == url and set(theirs.enabled_events) == set(EVENTS)
    if not is_same and not is_dry_run:
        params: Any = {"url": url, "enabled_events": list(EVENTS)}
        changed = gateway.client().v1.webhook_endpoints.update(theirs.id, params)
        WebhookEndpoint.sync_from_stripe_data(changed, api_key=conf.secret_key())
    return Step(thing="webhook endpoint", name=url, outcome="kept" if is_same else "changed")


def _listed() -> dict[str, Any]:
    rows = gateway.client().v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter()
    return {row.id: row for row in rows}


def _make(uuid: UUID, url: str) -> None:
    client = gateway.client()
    for old in _listed().values():
        if old.url == url:
            client.v1.webhook_endpoints.delete(old.id)
    WebhookEndpoint.objects.filter(djstripe_uuid=uuid).delete()
    params: Any = {
        "url": url,
        "enabled_events": list(EVENTS),
        "api_version": conf.api_version(),
        "metadata": {**MARK, "djstripe_uuid": str(uuid)},
    }
    made = client.v1.webhook_endpoints.create(params)
    WebhookEndpoint.sync_from_stripe_data(made, api_key=conf.secret_key())


def _learn(row: Any, uuid: UUID, url: str, account_id: str, *, is_dry_run: bool) -> Step:
    """An endpoint that somebody made in the dashboard or by `stripe listen`: only its secret is ours."""
    is_same = row is not None and row.secret == conf.webhook_secret() and row.url == url
    if not is_same and not is_dry_run:
        values = {
            "url": url,
            "secret": conf.webhook_secret(),
            "status": "enabled",
            "enabled_events": list(EVENTS),
            "api_version": conf.api_version(),
            "livemode": conf.is_live(),
            "djstripe_owner_account_id": account_id,
        }
        new = {**values, "id": f"we_given_{uuid}"}
        WebhookEndpoint.objects.update_or_create(djstripe_uuid=uuid, defaults=values, create_defaults=new)
    return Step(thing="webhook endpoint", name=url, outcome="kept" if is_same else "changed")
