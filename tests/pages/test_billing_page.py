"""The pages under /billing: what one pays for, who may change it, and the way back from paying."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.standin import courier, state, subscriptions
from metering.periods import month_of
from tests.billing.conftest import Till, acme, let_pass, stand_in
from tests.cast import Cast, browser_of

__all__ = ["acme", "stand_in"]


def said(browser: Client, path: str = "/billing") -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", browser.get(path).content.decode()).split())


def test_a_new_workspace_compares_plans(alice_browser: Client, acme: Till) -> None:
    page = said(alice_browser)
    assert "Acme is on Free . No card is stored." in page
    assert "Upgrade to Pro" in page
    assert "Invoices" not in page


def test_who_pays_sees_plan_card_next_invoice_and_invoices(alice_browser: Client, acme: Till) -> None:
    acme.buy()
    page = said(alice_browser)
    assert "Acme is on Pro" in page
    assert "Card …4242 11/34" in page
    assert "Paid $29.00" in page
    assert "Change to Enterprise" in page


def test_a_failing_payment_is_said_with_the_way_out(alice_browser: Client, acme: Till) -> None:
    acme.buy(last4="0341")
    let_pass(days=32)
    page = said(alice_browser)
    assert "did not go through. The bank refused the card ending 0341." in page
    assert "Update card" in page
    assert "Tried 1 time" in page
    let_pass(days=7)
    assert "Pro ended on" in said(alice_browser)


def test_switching_down_and_staying(alice_browser: Client, acme: Till) -> None:
    acme.buy()
    alice_browser.post("/billing/plan", {"deed": "cancel"})
    page = said(alice_browser)
    assert "then the workspace is on Free. Everything you made stays." in page
    assert "Next invoice none" in page
    alice_browser.post("/billing/plan", {"deed": "keep"})
    assert "then the workspace is on Free" not in said(alice_browser)


def test_a_creator_sees_the_plan_and_changes_nothing(bob_browser: Client, acme: Till) -> None:
    acme.buy()
    page = said(bob_browser)
    assert "Only admins of the workspace change the plan; ask one of them." in page
    assert "$29.00" not in page
    assert "4242" not in page
    for path in ("checkout", "portal", "plan"):
        refused = bob_browser.post(f"/billing/{path}", {"plan": "pro"})
        assert refused.status_code == 403
        assert b"Only an admin of Acme may change the plan" in refused.content
    assert bob_browser.get("/billing/return?changed=1").status_code == 403


def test_the_button_leads_to_stripes_page(alice_browser: Client, acme: Till) -> None:
    answer = alice_browser.post("/billing/checkout", {"plan": "pro"})
    assert answer.status_code == 302
    assert "/dev/checkout/pay/cs_test_" in answer["Location"]
    policy = alice_browser.get("/billing")["Content-Security-Policy"]
    assert "form-action 'self' https://checkout.stripe.com https://billing.stripe.com" in policy


def test_the_way_back_needs_no_webhook(alice_browser: Client, acme: Till) -> None:
    session = acme.checkout()
    acme.pay(session)
    page = said(alice_browser, f"/billing/return?session_id={session}")
    assert "You are on Pro" in page
    assert "Render minutes 500 min 2,500 min" in page


def test_until_then_it_looks_again_by_itself(alice_browser: Client, acme: Till) -> None:
    session = acme.checkout()
    waiting = alice_browser.get(f"/billing/return?session_id={session}")
    assert b"Confirming the payment" in waiting.content
    assert waiting["Refresh"] == f"2; url=?session_id={session}&try=1"
    slow = alice_browser.get(f"/billing/return?session_id={session}&try=15")
    assert b"This takes longer than usual" in slow.content


def test_leaving_changes_nothing_and_says_so(alice_browser: Client, acme: Till) -> None:
    page = alice_browser.get("/billing/return?left=1", follow=True)
    assert b"You left before paying. Nothing was charged" in page.content


def test_somebody_elses_session_is_404(charlie_browser: Client, alice_browser: Client, acme: Till) -> None:
    session = acme.checkout()
    for path in (session, f"cs_test_{uuid4().hex}", "x" * 300):
        assert charlie_browser.get(f"/billing/return?session_id={path}").status_code == 404
    assert alice_browser.get(f"/billing/return?session_id={session}").status_code == 200


def test_back_from_the_portal_shows_what_was_done_there(alice_browser: Client, acme: Till) -> None:
    acme.buy()
    acme.do(subscriptions.cancel_at_period_end, how=None)
    page = alice_browser.get("/billing/return?changed=1", follow=True).content.decode()
    assert "then the workspace is on Free" in page
    courier.deliver()


@pytest.mark.parametrize("path", ["/billing", "/billing/return?changed=1"])
def test_strangers_sign_in_first(client: Client, db: None, path: str) -> None:
    assert client.get(path)["Location"].startswith("/login?next=")


def test_the_limit_page_leads_here(alice_browser: Client, acme: Till) -> None:
    assert alice_browser.get("/billing").status_code == 200
    from metering import conf

    assert conf.upgrade_url().endswith("/billing")


def test_as_many_queries_for_many_invoices_as_for_few(committed_cast: Cast, stand_in: None) -> None:
    till = Till(tenant=committed_cast.acme)
    till.buy()
    browser = browser_of(committed_cast.alice, committed_cast.acme)
    counts = []
    for days in (0, 190):
        let_pass(days=days)
        with CaptureQueriesContext(connection) as queries:
            browser.get("/billing")
        counts.append(len([q for q in queries if q["sql"] not in ("BEGIN", "COMMIT")]))
    with state.opened() as store:
        assert len(store.find("invoice")) >= 6
    assert counts[0] == counts[1] <= 16


def test_advice_names_the_plan_that_fits(alice_browser: Client, acme: Till, cast: Cast) -> None:
    from datetime import timedelta

    from cutroom import clock
    from metering import services
    from metering.meters import Meter
    from tenants.context import tenant_context

    last_month = month_of(clock.now()).starts_at - timedelta(days=3)
    with tenant_context(cast.acme.pk):
        services.settle(
            tenant_id=cast.acme.pk,
            reservation_key="none",
            event_key="much",
            meter=Meter.RENDER,
            amount=900 * 60_000,
            subject="render:1",
            at=last_month,
        )
    assert "would fit: Pro" in said(alice_browser)
