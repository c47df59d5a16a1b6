"""The page that looks like Stripe's: pay, be refused, confirm, or leave."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from billing.standin import courier, invoices, sessions, state
from billing.standin.door import only_here
from billing.standin.errors import Refused
from billing.standin.state import Store, Thing

CHOICES = (
    ("4242", "Accept", "the subscription starts, signed webhooks follow"),
    (invoices.NEEDS_CONFIRMATION, "Ask for confirmation", "a second page, then accepted"),
    (invoices.REFUSED, "Refuse", "stay here with the bank’s reason"),
    (invoices.FAILS_LATER, "Accept now, fail next month", "shows the past-due state"),
)


@only_here
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, session_id: str) -> HttpResponse:
    """What is due, and what the bank should do."""
    if request.method != "POST":
        return _page(request, session_id)
    last4, word = request.POST.get("card", "4242"), request.POST.get("code", "").strip()
    if request.POST.get("deed") == "apply":
        return _page(request, session_id, last4=last4, word=word)
    if last4 == invoices.NEEDS_CONFIRMATION:
        page = reverse("billing-pages:stand-in:confirm", args=[session_id], query={"code": word})
        return redirect(page)
    return _paid(request, session_id, last4=last4, word=word)


@only_here
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, session_id: str) -> HttpResponse:
    """The bank's own page (3-D Secure): yes, or no."""
    word = request.GET.get("code", "")
    if request.method == "POST" and request.POST.get("deed") == "yes":
        return _paid(request, session_id, last4=invoices.NEEDS_CONFIRMATION, word=word)
    if request.method == "POST":
        reason = "The bank could not confirm that this is your card. Choose another one."
        return _page(request, session_id, reason=reason)
    with state.opened() as store:
        context = _context(store, session_id, word)
    if context["session"]["status"] != "open":
        # Who comes by the back button is told so.
        return _page(request, session_id)
    return render(request, "billing/standin/confirm.html", context)


def _paid(request: HttpRequest, session_id: str, *, last4: str, word: str) -> HttpResponse:
    try:
        with state.opened() as store:
            session = sessions.pay(store, store.get(session_id, "checkout.session"), last4=last4, word=word)
            target = str(session["success_url"])
    except Refused as refusal:
        if refusal.status == 404:
            raise
        return _page(request, session_id, last4=last4, word=word, reason=str(refusal))
    courier.deliver()
    return redirect(target.replace("{CHECKOUT_SESSION_ID}", session_id))


def _page(
    request: HttpRequest, session_id: str, *, last4: str = "4242", word: str = "", reason: str = ""
) -> HttpResponse:
    with state.opened() as store:
        try:
            context = _context(store, session_id, word)
        except Refused as refusal:
            if refusal.status == 404:
                raise
            context, reason = _context(store, session_id, ""), str(refusal)
    context |= {"choices": CHOICES, "cards": invoices.CARDS, "chosen": last4, "word": word, "reason": reason}
    return render(request, "billing/standin/pay.html", context, status=402 if reason else 200)


def _context(store: Store, session_id: str, word: str) -> dict[str, Any]:
    session: Thing = store.get(session_id, "checkout.session")
    plan = store.data["plans"][session_id]
    price = store.get(plan["price"], "price")
    return {
        "session": session,
        "price": price,
        "product": store.get(price["product"], "product"),
        "totals": sessions.totals(store, session, code=sessions.promotion(store, session, word)),
        "trial_days": plan["trial_days"],
        "needs_no_card": plan["trial_days"] and session["payment_method_collection"] == "if_required",
        "back": session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id),
    }
