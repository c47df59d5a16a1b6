"""The pages under /billing: what one pays for, and the ways to Stripe's pages and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from billing import checkout, conf, invoices, planned_changes, plans, portal, projection, selectors
from billing.errors import AlreadySubscribed, PaymentsUnavailable
from billing.models import SubscriptionStatus, TenantSubscription
from cutroom import clock
from cutroom.errors import DomainError
from metering import conf as metering_conf
from metering import selectors as metering_selectors
from metering.meters import Meter
from metering.usage_page import in_order
from tenants.context import tenant_context
from tenants.http import Principal, TenantRequest
from tenants.permissions import needs
from tenants.roles import Capability

PAGE = "billing-pages:billing"
_INVOICES_SHOWN = 12
# The page asks again by itself while a payment is being confirmed; after this many times it says so.
_TRIES_SHOWN_AS_SOON = 15
_PAUSE_SECONDS = 2


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A plan on the page. `deed` is what its button does: buy, change, cancel, keep, ask, or nothing."""

    plan: plans.Plan
    is_mine: bool
    deed: str


@never_cache
@require_safe
@needs(Capability.SEE_PLAN)
def show(request: TenantRequest) -> HttpResponse:
    """The plan, what comes next, all plans and the newest invoices. From our own tables alone."""
    caller = cast(Principal, request.principal)
    row = selectors.subscription(caller.tenant_id)
    standing = metering_selectors.standing(caller.tenant_id, clock.now())
    can_manage = caller.may(Capability.MANAGE_BILLING)
    papers = invoices.newest(caller.tenant_id, count=_INVOICES_SHOWN) if can_manage else []
    offers = [_offer(plan, row, standing.plan) for plan in plans.offered()]
    stored = sum(reading.used_exactly for reading in standing.rows if reading.meter is Meter.STORAGE)
    context = {
        "standing": standing,
        "row": row,
        "plan": standing.plan.capitalize(),
        "is_granted": row.grants_plan(conf.now()),
        "is_past_due": row.status == SubscriptionStatus.PAST_DUE,
        "is_trial": row.status == SubscriptionStatus.TRIALING,
        "ends": row.next_plan == metering_conf.default_plan(),
        "offers": offers,
        "first_to_buy": next((offer for offer in offers if offer.deed == "buy"), None),
        "fitting": selectors.plans_that_fit(clock.now(), stored=stored),
        "meters": in_order(),
        "features": conf.features(),
        "invoices": papers,
        "unpaid": next((paper for paper in papers if paper.is_open), None),
        "card": selectors.card(row) if can_manage else None,
        "can_manage": can_manage,
        "is_open": selectors.is_open(),
        "contact": conf.contact(),
        "trial_days": conf.trial_days() if not row.customer_id else 0,
    }
    return render(request, "billing/billing.html", context)


@require_POST
@needs(Capability.MANAGE_BILLING)
def check_out(request: TenantRequest) -> HttpResponse:
    """To Stripe's payment page."""
    caller = cast(Principal, request.principal)
    try:
        return redirect(checkout.start(tenant_id=caller.tenant_id, plan=request.POST.get("plan", "")).url)
    except AlreadySubscribed as refusal:
        messages.info(request, refusal.detail)
    except DomainError as refusal:
        messages.error(request, refusal.detail)
    return redirect(PAGE)


@require_POST
@needs(Capability.MANAGE_BILLING)
def visit_portal(request: TenantRequest) -> HttpResponse:
    """To Stripe's pages for card, invoices and cancellation; `for=card` goes straight to the card."""
    caller = cast(Principal, request.principal)
    for_card = request.POST.get("for") == "card"
    try:
        return redirect(portal.open_portal(tenant_id=caller.tenant_id, for_card=for_card).url)
    except DomainError as refusal:
        messages.error(request, refusal.detail)
        return redirect(PAGE)


@require_POST
@needs(Capability.MANAGE_BILLING)
def change_plan(request: TenantRequest) -> HttpResponse:
    """Plan the way back to the free plan, or (`deed=keep`) take back what is planned."""
    caller = cast(Principal, request.principal)
    keeps = request.POST.get("deed") == "keep"
    try:
        (planned_changes.keep if keeps else planned_changes.cancel)(tenant_id=caller.tenant_id)
    except DomainError as refusal:
        messages.error(request, refusal.detail)
        return redirect(PAGE)
    if keeps:
        messages.success(request, "The plan goes on as before.")
    return redirect(PAGE)


@never_cache
@require_safe
@needs(Capability.MANAGE_BILLING)
def come_back(request: TenantRequest) -> HttpResponse:
    """Where Stripe sends people back to: after paying, after leaving, after the portal."""
    caller = cast(Principal, request.principal)
    session_id = request.GET.get("session_id", "")
    if session_id:
        return _after_paying(request, caller, session_id)
    if "left" in request.GET:
        messages.info(request, "You left before paying. Nothing was charged and nothing changed.")
    else:
        _catch_up(caller)
    return redirect(PAGE)


def _after_paying(request: HttpRequest, caller: Principal, session_id: str) -> HttpResponse:
    """Says so when the plan has changed; until then the page asks again by itself."""
    try:
        is_paid = checkout.finish(tenant_id=caller.tenant_id, session_id=session_id)
    except PaymentsUnavailable:
        is_paid = False
    tries = request.GET.get("try", "")
    tries_so_far = int(tries) if tries.isdigit() and len(tries) < 4 else 0
    with tenant_context(caller.tenant_id):
        row = selectors.subscription(caller.tenant_id)
        newest = invoices.newest(caller.tenant_id, count=1)
        context = {
            "row": row,
            "is_trial": row.status == SubscriptionStatus.TRIALING,
            "is_done": is_paid and row.is_alive,
            "offer": next((plan for plan in plans.offered() if plan.name == row.plan), None),
            "before": plans.offered()[0],
            "meters": in_order(),
            "features": conf.features(),
            "receipt": newest[0] if newest else None,
            "is_slow": tries_so_far >= _TRIES_SHOWN_AS_SOON,
            "again": f"?{urlencode({'session_id': session_id, 'try': tries_so_far + 1})}",
        }
        response = render(request, "billing/return.html", context)
    if not context["is_done"]:
        # Works without JavaScript, too.
        response["Refresh"] = f"{_PAUSE_SECONDS if not context['is_slow'] else 10}; url={context['again']}"
    return response


def _catch_up(caller: Principal) -> None:
    """Somebody returns from the portal sooner than the webhooks of what was done there."""
    with tenant_context(caller.tenant_id):
        customer_id = selectors.subscription(caller.tenant_id).customer_id
    if customer_id:
        try:
            projection.refresh(tenant_id=caller.tenant_id, customer_id=customer_id)
        except PaymentsUnavailable:
            # The webhooks will tell; the page says what we know.
            return


def _offer(plan: plans.Plan, row: TenantSubscription, granted: str) -> Offer:
    return Offer(plan=plan, is_mine=plan.name == granted, deed=_deed(plan, row))


def _deed(plan: plans.Plan, row: TenantSubscription) -> str:
    if plan.price is None:
        return "" if row.plan == plan.name else "ask"
    if not row.is_alive:
        return "buy" if plan.price else ""
    if plan.name == row.plan:
        return "keep" if row.next_plan else ""
    if plan.name == row.next_plan:
        return ""
    return "cancel" if plan.name == metering_conf.default_plan() else "change"
