"""Stripe does not answer: pages work from our own tables, and what needs it says so."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from billing import tasks
from billing.errors import PaymentsUnavailable
from billing.models import CheckoutAttempt
from tenants.context import tenant_context
from tests.billing.conftest import Till


@pytest.fixture
def cut_off(acme: Till, monkeypatch: pytest.MonkeyPatch) -> Till:
    """Acme pays for Pro, and the line to Stripe is cut."""

    def nobody(*_: Any, **__: Any) -> Any:
        raise stripe.APIConnectionError("The line is cut.")  # type: ignore[no-untyped-call]  # the SDK's own

    acme.buy()
    monkeypatch.setattr(stripe.default_http_client, "request", nobody)
    return acme


@pytest.mark.parametrize(("path", "body"), [("checkout", {"plan": "enterprise"}), ("portal", {})])
def test_the_api_answers_503_with_a_clear_sentence(
    alice: APIClient, cut_off: Till, path: str, body: dict[str, str]
) -> None:
    answer = alice.post(f"/api/billing/{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (503, "payments-unavailable")
    assert "Stripe does not answer right now, so nothing was started" in answer.json()["detail"]
    assert answer["Retry-After"]


def test_what_we_know_is_shown(alice: APIClient, alice_browser: Client, cut_off: Till) -> None:
    assert alice.get("/api/billing/subscription").json()["plan"] == "pro"
    assert len(alice.get("/api/billing/invoices").json()["results"]) == 1
    assert b"is on <strong>Pro</strong>" in alice_browser.get("/billing").content
    assert alice_browser.get("/billing/return?changed=1").status_code == 302


@pytest.mark.parametrize(
    ("path", "form"),
    [("checkout", {"plan": "enterprise"}), ("portal", {}), ("plan", {"deed": "cancel"})],
)
def test_buttons_lead_back_to_the_page_with_the_reason(
    alice_browser: Client, cut_off: Till, path: str, form: dict[str, str]
) -> None:
    page = alice_browser.post(f"/billing/{path}", form, follow=True)
    assert page.redirect_chain == [("/billing", 302)]
    assert b"Stripe does not answer right now" in page.content


def test_the_same_page_is_found_once_the_line_is_back(acme: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session may have been made before the line broke: only the same key finds it."""
    ask = stripe.default_http_client.request  # type: ignore[union-attr]  # the stand-in
    acme.checkout("enterprise")

    def lose_the_answer(method: str, url: str, *rest: Any, **options: Any) -> Any:
        answer = ask(method, url, *rest, **options)
        if method == "post" and url.endswith("/v1/checkout/sessions"):
            raise stripe.APIConnectionError("Broken.")  # type: ignore[no-untyped-call]  # the SDK's own
        return answer

    with monkeypatch.context() as broken:
        broken.setattr(stripe.default_http_client, "request", lose_the_answer)
        with pytest.raises(PaymentsUnavailable):
            acme.checkout("pro")
    with tenant_context(acme.tenant.pk):
        kept = CheckoutAttempt.objects.get(closed_at=None)
    acme.checkout("pro")
    with tenant_context(acme.tenant.pk):
        assert CheckoutAttempt.objects.get(closed_at=None).key == kept.key


def test_nightly_tasks_wait_for_another_night(cut_off: Till) -> None:
    assert tasks.reconcile() == 0


def test_without_a_key_nothing_is_for_sale_and_all_else_works(
    alice: APIClient, alice_browser: Client, settings: Settings
) -> None:
    settings.STRIPE_TEST_SECRET_KEY = ""
    answer = alice.post("/api/billing/checkout", {"plan": "pro"})
    assert (answer.status_code, answer.json()["code"]) == (503, "payments-not-set-up")
    page = alice_browser.get("/billing").content
    assert b"Payments are not set up on this Cutroom" in page
    assert b"test payments" not in page
    assert tasks.reconcile() == 0
