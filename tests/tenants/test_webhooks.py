"""Webhooks: signed, in order, tried for three days, replayed; one tenant's are nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from standardwebhooks import Webhook, WebhookVerificationError

from cutroom import clock
from tenants import webhook_delivery, webhooks
from tenants.context import tenant_context
from tenants.models import AuditEntry, DeliveryState, Tenant, WebhookDelivery, WebhookEndpoint, WebhookMessage
from tests.cast import Cast
from tests.tenants.receiver import Receiver, receiver
from tests.threads import at_once

pytestmark = pytest.mark.committed
PATH = "/api/v1/webhooks"


@pytest.fixture(autouse=True)
def _in_house(settings: Any) -> None:
    settings.CUTROOM_OUTGOING_PRIVATE = True


@pytest.fixture
def program() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def acme(committed_cast: Cast) -> Tenant:
    return committed_cast.acme


def subscribe(acme: Tenant, program: Receiver, *types: str) -> tuple[WebhookEndpoint, str]:
    with tenant_context(acme.pk):
        return webhooks.create_endpoint(url=program.url, event_types=types)


def announce(acme: Tenant, *types: str) -> None:
    with tenant_context(acme.pk):
        for number, event_type in enumerate(types):
            webhooks.announce(event_type, {"number": number})


def deliveries(acme: Tenant) -> list[WebhookDelivery]:
    with tenant_context(acme.pk):
        return list(WebhookDelivery.objects.select_related("message").order_by("created_at"))


def wait_out(acme: Tenant) -> None:
    """As if the pause before each next try were over."""
    with tenant_context(acme.pk):
        WebhookDelivery.objects.filter(state=DeliveryState.PENDING).update(due_at=clock.now())


def test_a_message_arrives_signed_and_in_the_standard_form(acme: Tenant, program: Receiver) -> None:
    _, secret = subscribe(acme, program)
    announce(acme, "render.succeeded")
    assert webhook_delivery.deliver_due(acme.pk) == 1
    [(headers, body)] = program.got
    [message] = program.verified(secret)
    assert message["type"] == "render.succeeded"
    assert message["data"] == {"number": 0}
    assert headers["webhook-id"].startswith("msg_")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace(b"0}", b"1}"), headers)
    [delivery] = deliveries(acme)
    assert (delivery.state, delivery.tries) == (DeliveryState.DELIVERED, 1)
    assert delivery.attempts[0]["status"] == 204


def test_messages_arrive_in_the_order_they_were_announced(acme: Tenant, program: Receiver) -> None:
    _, secret = subscribe(acme, program)
    announce(acme, *["render.failed"] * 20)
    at_once(lambda _: webhook_delivery.deliver_due(acme.pk), count=4)
    while webhook_delivery.deliver_due(acme.pk):
        pass
    assert [message["data"] for message in program.verified(secret)] == [{"number": n} for n in range(20)]


def test_an_endpoint_hears_only_what_it_asked_for(acme: Tenant, program: Receiver) -> None:
    _, secret = subscribe(acme, program, "render.failed")
    announce(acme, "render.succeeded", "render.failed")
    assert webhook_delivery.deliver_due(acme.pk) == 1
    assert [message["type"] for message in program.verified(secret)] == ["render.failed"]


def test_a_refused_message_is_tried_again_after_growing_pauses_and_holds_up_the_next(
    acme: Tenant, program: Receiver
) -> None:
    subscribe(acme, program)
    announce(acme, "render.succeeded", "render.failed")
    program.answers = [(500, {}, b"down"), (302, {"Location": program.url}, b"")]
    assert webhook_delivery.deliver_due(acme.pk) == 0
    first, second = deliveries(acme)
    assert (first.tries, second.tries) == (1, 0)
    assert first.due_at > clock.now()
    assert first.attempts[0]["answer"] == "down"
    wait_out(acme)
    assert webhook_delivery.deliver_due(acme.pk) == 0
    assert deliveries(acme)[0].due_at > clock.now() + timedelta(minutes=4)
    wait_out(acme)
    assert webhook_delivery.deliver_due(acme.pk) == 2
    ids = [headers["webhook-id"] for headers, _ in program.got]
    assert len(ids) == 4
    assert len(set(ids)) == 2


def test_a_message_that_keeps_failing_stops_holding_up_the_others(acme: Tenant, program: Receiver) -> None:
    _, secret = subscribe(acme, program)
    announce(acme, "render.succeeded", "render.failed")
    program.answers = [(500, {}, b"")] * webhook_delivery.HOLDS_UP_TRIES
    for _ in range(webhook_delivery.HOLDS_UP_TRIES):
        wait_out(acme)
        webhook_delivery.deliver_due(acme.pk)
    assert [one.state for one in deliveries(acme)] == [DeliveryState.PENDING, DeliveryState.DELIVERED]
    assert program.verified(secret)[-1]["type"] == "render.failed"


def test_the_receiver_may_ask_for_a_longer_pause(acme: Tenant, program: Receiver) -> None:
    subscribe(acme, program)
    announce(acme, "render.succeeded")
    program.answers = [(429, {"Retry-After": "3600"}, b"")]
    webhook_delivery.deliver_due(acme.pk)
    assert deliveries(acme)[0].due_at > clock.now() + timedelta(minutes=59)


def test_after_the_last_try_the_endpoint_is_switched_off_and_says_why(
    acme: Tenant, program: Receiver
) -> None:
    endpoint, _ = subscribe(acme, program)
    announce(acme, "render.succeeded")
    program.answers = [(500, {}, b"")] * 20
    for _ in range(len(webhook_delivery.PAUSES) + 1):
        wait_out(acme)
        webhook_delivery.deliver_due(acme.pk)
    [delivery] = deliveries(acme)
    assert (delivery.state, delivery.tries, len(program.got)) == (DeliveryState.FAILED, 10, 10)
    announce(acme, "render.failed")
    assert len(deliveries(acme)) == 1
    with tenant_context(acme.pk):
        endpoint.refresh_from_db()
        assert "three days" in endpoint.disabled_reason
        assert AuditEntry.objects.filter(action="webhook.disabled").count() == 1


def test_410_switches_the_endpoint_off_at_once(acme: Tenant, program: Receiver) -> None:
    endpoint, _ = subscribe(acme, program)
    announce(acme, "render.succeeded")
    program.answers = [(410, {}, b"")]
    webhook_delivery.deliver_due(acme.pk)
    assert deliveries(acme)[0].state == DeliveryState.FAILED
    with tenant_context(acme.pk):
        endpoint.refresh_from_db()
        assert not endpoint.is_enabled


def test_a_worker_that_died_while_sending_leaves_the_message_to_the_next(
    acme: Tenant, program: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(acme, program)
    announce(acme, "render.succeeded")

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(webhook_delivery, "_write_down", die)
        with pytest.raises(KeyboardInterrupt):
            webhook_delivery.deliver_due(acme.pk)
    assert webhook_delivery.deliver_due(acme.pk) == 0, "somebody else has it"
    wait_out(acme)
    assert webhook_delivery.deliver_due(acme.pk) == 1
    assert len({headers["webhook-id"] for headers, _ in program.got}) == 1


def test_for_a_day_after_rotation_both_secrets_verify(acme: Tenant, program: Receiver) -> None:
    endpoint, old = subscribe(acme, program)
    with tenant_context(acme.pk):
        new = webhooks.rotate_secret(endpoint)
    announce(acme, "render.succeeded")
    webhook_delivery.deliver_due(acme.pk)
    assert program.verified(old) == program.verified(new)
    with tenant_context(acme.pk):
        WebhookEndpoint.objects.update(previous_secret_until=clock.now())
    announce(acme, "render.failed")
    webhook_delivery.deliver_due(acme.pk)
    headers, body = program.got[-1]
    assert Webhook(new).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, headers)


def test_no_secret_lies_in_the_database_as_it_is(acme: Tenant, program: Receiver) -> None:
    endpoint, secret = subscribe(acme, program)
    assert secret.encode() not in bytes(endpoint.secret_sealed)


def test_a_message_vanishes_with_the_transaction_that_announced_it(acme: Tenant, program: Receiver) -> None:
    subscribe(acme, program)
    with tenant_context(acme.pk):
        webhooks.announce("render.succeeded", {})
        transaction.set_rollback(True)
    with tenant_context(acme.pk):
        assert not WebhookMessage.objects.exists()


def test_the_bell_is_rung_for_tenants_with_something_due(acme: Tenant, program: Receiver) -> None:
    assert webhook_delivery.ring_for_due() == 0
    subscribe(acme, program)
    announce(acme, "render.succeeded", "render.failed")
    with tenant_context(acme.pk):
        WebhookDelivery.objects.update(state=DeliveryState.PENDING, due_at=clock.now() - timedelta(seconds=1))
    assert webhook_delivery.ring_for_due() == 1
