"""The webhook: who cannot sign leaves no trace, and what fails is kept, told, and sent again."""

from __future__ import annotations

import json
import logging
import time
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from djstripe.models import Event, WebhookEndpoint, WebhookEventTrigger
from pytest_django import Settings

from billing import projection
from billing.metrics import WEBHOOKS
from billing.standin import courier, state
from billing.standin.courier import Delivery
from billing.standin.state import Thing
from cutroom import clock
from tenants import holding
from tests.billing.conftest import Till

FOREIGN = "whsec_of_somebody_else"


def paid_event(till: Till) -> Thing:
    """The event that tells of Acme's subscription, not delivered yet."""
    till.pay(till.checkout())
    with state.opened() as store:
        [event] = [each for each in store.find("event") if each["type"] == "customer.subscription.updated"]
        return event


def endpoint() -> Any:
    return WebhookEndpoint.objects.get()


def address() -> str:
    return f"/api/billing/webhook/{endpoint().djstripe_uuid}"


def send(body: bytes, signature: str | None, **headers: str) -> HttpResponse:
    """POST a body to our endpoint, as a stranger would."""
    if signature is not None:
        headers["stripe-signature"] = signature
    answer: Any = Client().post(address(), body, content_type="application/json", headers=headers)
    return answer  # type: ignore[no-any-return]  # Django's own client


def stored() -> int:
    return int(WebhookEventTrigger.objects.count() + Event.objects.count())


def forgeries(body: bytes) -> dict[str, tuple[bytes, str | None]]:
    """What people send who do not know the secret, or not now."""
    secret = endpoint().secret
    return {
        "without a signature": (body, None),
        "with nonsense for a signature": (body, "t=1,v1=abc"),
        "with no time in it": (body, "v1=abc"),
        "signed with another secret": (body, courier.sign(body, FOREIGN)),
        "changed after signing": (body.replace(b"active", b"actjve"), courier.sign(body, secret)),
        "ten minutes old": (body, courier.sign(body, secret, at=int(time.time()) - 600)),
        "ten megabytes": (b" " * 10_000_000, courier.sign(b" " * 10_000_000, secret)),
        "signed, but no JSON": (b"{", courier.sign(b"{", secret)),
        "signed, but no event": (b'{"id": 1}', courier.sign(b'{"id": 1}', secret)),
        "signed, but a list": (b"[]", courier.sign(b"[]", secret)),
        "signed, but not text": (b"\xff\xfe", courier.sign(b"\xff\xfe", secret)),
    }


@pytest.mark.fault(27)
def test_forgeries_get_400_and_store_nothing(acme: Till) -> None:
    before = stored()
    body = json.dumps(paid_event(acme)).encode()
    answers = {name: send(*letter) for name, letter in forgeries(body).items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 400)
    assert answers["ten minutes old"].json()["code"] == "webhook-refused"  # type: ignore[attr-defined]
    assert stored() == before


def test_the_debug_header_of_dj_stripe_opens_no_door(acme: Till, settings: Settings) -> None:
    """With DEBUG on, dj-stripe believes whoever names a secret in a header."""
    body = json.dumps(paid_event(acme)).encode()
    settings.DEBUG = True
    answer = send(body, courier.sign(body, FOREIGN), **{"x-djstripe-webhook-secret": FOREIGN})
    assert answer.status_code == 400


def test_an_unknown_address_is_404_and_a_get_is_not_allowed(acme: Till) -> None:
    assert Client().post(f"/api/billing/webhook/{uuid4()}", {}).status_code == 404
    assert Client().get(address()).status_code == 405


def test_a_signed_event_counts(acme: Till) -> None:
    body = json.dumps(paid_event(acme)).encode()
    before = WEBHOOKS.labels(outcome="processed")._value.get()
    assert send(body, courier.sign(body, endpoint().secret)).status_code == 200
    assert WEBHOOKS.labels(outcome="processed")._value.get() == before + 1
    assert (acme.row().plan, acme.row().status) == ("pro", "active")


def test_a_restored_copy_on_hold_takes_no_events(acme: Till) -> None:
    body = json.dumps(paid_event(acme)).encode()
    before = stored()
    holding.hold("restored from a backup", at=clock.now())
    refused = send(body, courier.sign(body, endpoint().secret))
    assert (refused.status_code, refused["Retry-After"]) == (503, "3600")
    assert stored() == before
    holding.release()
    assert send(body, courier.sign(body, endpoint().secret)).status_code == 200
    assert acme.row().plan == "pro"


@pytest.mark.fault(25)
def test_a_doubled_event_counts_once(acme: Till) -> None:
    acme.buy(how=Delivery(copies=3))
    assert acme.row().plan == "pro"
    assert Event.objects.count() == len(set(Event.objects.values_list("id", flat=True)))


class TestFailure:
    """Something of ours breaks while an event is processed."""

    @pytest.fixture
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(**_: Any) -> bool:
            raise RuntimeError("a bug of ours")

        monkeypatch.setattr(projection, "recompute", fail)

    @pytest.mark.usefixtures("broken")
    def test_it_is_logged_and_kept_and_stripe_is_told(
        self, acme: Till, caplog: pytest.LogCaptureFixture
    ) -> None:
        body = json.dumps(paid_event(acme)).encode()
        answer = send(body, courier.sign(body, endpoint().secret))
        assert answer.status_code == 500
        [record] = [line for line in caplog.records if line.getMessage() == "webhook_failed"]
        assert record.levelno == logging.ERROR
        assert vars(record)["type"] == "customer.subscription.updated"
        [kept] = WebhookEventTrigger.objects.all()
        assert (kept.valid, kept.processed, kept.exception) == (True, False, "a bug of ours")
        assert "RuntimeError" in kept.traceback
        assert not Event.objects.exists(), "half an event would be taken for a repeat"

    @pytest.mark.fault(28)
    def test_it_works_when_it_is_sent_again(self, acme: Till, monkeypatch: pytest.MonkeyPatch) -> None:
        acme.pay(acme.checkout())
        with monkeypatch.context() as broken:
            broken.setattr(projection, "lock", lambda customer_id: 1 / 0)
            assert set(courier.deliver().values()) == {500}
        assert set(courier.deliver().values()) == {200}
        assert acme.row().plan == "pro"


def test_events_of_nobody_we_know_are_fine(acme: Till) -> None:
    with state.opened() as store:
        store.tell("product.updated", store.get("cutroom_pro", "product"))
        stray = {"id": "cus_stray", "object": "customer", "metadata": {}, "invoice_settings": {}}
        store.add(stray)
        store.tell("customer.updated", stray)
    assert set(courier.deliver().values()) == {200}
