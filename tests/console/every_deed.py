"""The table of all deeds: for each, what it is done to, what is chosen, and what is different afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from djstripe.models import WebhookEventTrigger

from accounts.models import OutboxMail, Session
from billing import projection
from billing.models import TenantSubscription
from billing.standin import courier, subscriptions
from cutroom import clock
from gdpr.erasure import asking
from gdpr.models import Erasure
from metering import allowances
from metering.meters import Meter
from metering.models import CreditLot, LimitOverride, LimitRequest, OverrideKind
from rendering.models import JobState, RenderJob
from tenants import suspension
from tenants.context import tenant_context
from tenants.models import (
    DeliveryState,
    Membership,
    OperatorNote,
    Tenant,
    TenantState,
    WebhookDelivery,
)
from tests.billing.conftest import Till
from tests.billing.test_reconciliation import lose_all_webhooks
from tests.console.conftest import Site

Fact = Any


@dataclass(frozen=True, kw_only=True)
class Row:
    """One deed. `thing` makes ready what it is done to and returns its id; `fact` reads what it changes."""

    thing: Callable[[Site], UUID]
    fact: Callable[[Site], Fact]
    before: Fact
    after: Fact
    choices: dict[str, Any] = field(default_factory=dict)
    is_reason_public: bool = True


def acme_of(site: Site) -> UUID:
    return site.acme.pk


def bob_of(site: Site) -> UUID:
    return Membership.everywhere.using("ops").get(user=site.cast.bob).pk


def request_of(site: Site) -> UUID:
    return LimitRequest.everywhere.using("ops").get().pk


def job_of(name: str) -> Callable[[Site], UUID]:
    return lambda site: site.jobs[name].pk


def suspended(site: Site) -> UUID:
    with tenant_context(site.acme.pk):
        suspension.suspend()
    return site.acme.pk


def to_be_deleted(site: Site) -> UUID:
    with tenant_context(site.acme.pk):
        asking.ask_for_tenant(
            confirm="acme", tenant_id=site.acme.pk, is_immediate=False, at=clock.now() - timedelta(days=1)
        )
    return site.acme.pk


def overridden(site: Site) -> UUID:
    with tenant_context(site.acme.pk):
        allowances.override_limit(
            meter=Meter.IMAGES,
            limit=7,
            kind=OverrideKind.EXACTLY,
            reason="Seven are enough",
            author_id=site.cast.olga.pk,
            at=clock.now(),
            expires_at=None,
        )
    return site.acme.pk


def failed_delivery(site: Site) -> UUID:
    WebhookDelivery.everywhere.using("ops").update(state=DeliveryState.FAILED, tries=9)
    return WebhookDelivery.everywhere.using("ops").get().pk


def customer_who_cancelled_unheard(site: Site) -> UUID:
    """Stripe ended the subscription, and its webhook never came."""
    till = Till(tenant=site.acme)
    till.buy()
    till.do(subscriptions.end, how=None)
    lose_all_webhooks()
    return site.acme.pk


def failed_webhook(site: Site) -> UUID:
    """The event of a purchase, which a bug of ours refused when it came."""
    till, recompute = Till(tenant=site.acme), projection.recompute
    till.pay(till.checkout())
    projection.recompute = lambda **_: 1 / 0  # type: ignore[assignment]  # put back at once
    try:
        courier.deliver()
    finally:
        projection.recompute = recompute
    [trigger] = [row for row in WebhookEventTrigger.objects.all() if row.json_body["type"] == "invoice.paid"]
    return UUID(int=trigger.pk)


def state_of(site: Site) -> Fact:
    return Tenant.objects.using("ops").get(pk=site.acme.pk).state


def job_state(name: str) -> Callable[[Site], Fact]:
    return lambda site: RenderJob.everywhere.using("ops").get(pk=site.jobs[name].pk).state


def limit(meter: Meter) -> Callable[[Site], Fact]:
    def read(site: Site) -> Fact:
        rows = LimitOverride.everywhere.using("ops").filter(meter=meter.value, ended_at=None)
        return [meter.shown(row.limit_amount or 0) for row in rows]

    return read


def subscription(field_name: str) -> Callable[[Site], Fact]:
    def read(site: Site) -> Fact:
        row = TenantSubscription.everywhere.using("ops").filter(tenant_id=site.acme.pk).first()
        return getattr(row, field_name, "")

    return read


def mails_to(person: str, kind: str) -> Callable[[Site], Fact]:
    return lambda site: OutboxMail.objects.filter(
        kind=kind, recipient=getattr(site.cast, person).email
    ).count()


def erasure_of(site: Site) -> Fact:
    return [row.state for row in Erasure.objects.filter(subject=site.acme.pk)]


DEEDS: dict[str, Row] = {
    "suspend": Row(thing=acme_of, fact=state_of, before=TenantState.ACTIVE, after=TenantState.SUSPENDED),
    "restore": Row(thing=suspended, fact=state_of, before=TenantState.SUSPENDED, after=TenantState.ACTIVE),
    "note": Row(
        thing=acme_of,
        fact=lambda site: OperatorNote.everywhere.using("ops").filter(tenant=site.acme).count(),
        before=0,
        after=1,
        is_reason_public=False,
    ),
    "override-limit": Row(
        thing=acme_of,
        choices={"meter": "render_minutes", "kind": "at_least", "limit": "800"},
        fact=limit(Meter.RENDER),
        before=[],
        after=[800],
    ),
    "end-override": Row(
        thing=overridden, choices={"meter": "images_count"}, fact=limit(Meter.IMAGES), before=[7], after=[]
    ),
    "give-credits": Row(
        thing=acme_of,
        choices={"meter": "render_minutes", "amount": "100"},
        fact=lambda site: [lot.amount for lot in CreditLot.everywhere.using("ops").all()],
        before=[],
        after=[100 * 60_000],
    ),
    "grant-request": Row(
        thing=request_of, choices={"limit": "900"}, fact=limit(Meter.RENDER), before=[], after=[900]
    ),
    "decline-request": Row(
        thing=request_of,
        fact=lambda site: LimitRequest.everywhere.using("ops").get().state,
        before="open",
        after="declined",
    ),
    "change-plan": Row(
        thing=acme_of,
        choices={"plan": "enterprise"},
        fact=subscription("granted_plan"),
        before="",
        after="enterprise",
    ),
    "refresh-plan": Row(
        thing=customer_who_cancelled_unheard,
        fact=subscription("status"),
        before="active",
        after="canceled",
    ),
    "replay-webhook": Row(
        thing=failed_webhook,
        fact=lambda site: [
            row.processed
            for row in WebhookEventTrigger.objects.all()
            if row.json_body["type"] == "invoice.paid"
        ],
        before=[False],
        after=[True],
    ),
    "replay-delivery": Row(
        thing=failed_delivery,
        fact=lambda site: [(row.state, row.tries) for row in WebhookDelivery.everywhere.using("ops").all()],
        before=[(DeliveryState.FAILED, 9)],
        after=[(DeliveryState.PENDING, 0)],
    ),
    "send-link": Row(thing=bob_of, fact=mails_to("bob", "magic_link"), before=0, after=1),
    "act-as": Row(
        thing=bob_of,
        fact=lambda site: Session.objects.filter(operator_id=site.cast.olga.pk).count(),
        before=0,
        after=1,
    ),
    "retry-job": Row(
        thing=job_of("quarantined"),
        fact=job_state("quarantined"),
        before=JobState.FAILED,
        after=JobState.QUEUED,
    ),
    "cancel-job": Row(
        thing=job_of("queued"), fact=job_state("queued"), before=JobState.QUEUED, after=JobState.CANCELLED
    ),
    "quarantine-job": Row(
        thing=job_of("stuck"), fact=job_state("stuck"), before=JobState.RUNNING, after=JobState.FAILED
    ),
    "delete-tenant": Row(
        thing=acme_of, choices={"confirm": "acme"}, fact=erasure_of, before=[], after=["waiting"]
    ),
    "keep-tenant": Row(thing=to_be_deleted, fact=erasure_of, before=["waiting"], after=["undone"]),
}
