"""Webhook endpoints by API and by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from tenants import webhook_delivery, webhooks
from tenants.context import tenant_context
from tenants.models import DeliveryState, Tenant, WebhookDelivery, WebhookEndpoint
from tests.cast import Cast, bearer, browser_of
from tests.tenants.receiver import Receiver, receiver

pytestmark = pytest.mark.committed
PATH = "/api/v1/webhooks"


@pytest.fixture(autouse=True)
def _in_house(settings: Any) -> None:
    settings.CUTROOM_OUTGOING_PRIVATE = True


@pytest.fixture
def program() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def test_the_life_of_an_endpoint_by_api(cast_api: APIClient, program: Receiver) -> None:
    made = cast_api.post(PATH, {"url": program.url, "event_types": ["render.failed"]}, format="json")
    assert made.status_code == 201, made.content
    assert made["Cache-Control"] == "no-store"
    path = f"{PATH}/{made.json()['id']}"
    assert cast_api.get(path).json()["event_types"] == ["render.failed"]
    assert "secret" not in cast_api.get(path).json()
    tested = cast_api.post(f"{path}/test")
    assert tested.status_code == 202
    assert [row["message"]["type"] for row in cast_api.get(f"{path}/deliveries").json()["results"]] == [
        "ping"
    ]
    assert cast_api.get(f"{PATH}/messages").json()["results"][0]["type"] == "ping"
    again = cast_api.post(f"{path}/deliveries/{tested.json()['id']}/replay")
    assert again.status_code == 202
    rotated = cast_api.post(f"{path}/rotate-secret").json()["secret"]
    assert rotated.startswith("whsec_")
    assert rotated != made.json()["secret"]
    assert cast_api.patch(path, {"is_enabled": False}, format="json").json()["is_enabled"] is False
    assert set(cast_api.get(f"{PATH}/event-types").json()) >= {"render.succeeded", "render.failed"}
    assert cast_api.delete(path).status_code == 204
    assert cast_api.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "gopher://example.org/"}, "url"),
        ({"url": "http://example.org/", "event_types": ["nothing.known"]}, "event_types"),
        ({"url": "http://example.org/", "colour": "red"}, "colour"),
    ],
)
def test_bad_input_names_the_field(cast_api: APIClient, body: dict[str, Any], field: str) -> None:
    answer = cast_api.post(PATH, body, format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


def test_there_is_an_end_to_endpoints(cast_api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MOST_ENDPOINTS", 1)
    assert cast_api.post(PATH, {"url": "http://a.example/"}, format="json").status_code == 201
    refused = cast_api.post(PATH, {"url": "http://b.example/"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-endpoints")


@pytest.fixture
def cast_api(committed_cast: Cast) -> APIClient:
    """Alice at the API, with real commits."""
    return bearer(committed_cast.alice, committed_cast.acme)


def test_the_pages_show_the_secret_once_and_do_every_deed(committed_cast: Cast, program: Receiver) -> None:
    acme = committed_cast.acme
    browser = browser_of(committed_cast.alice, committed_cast.acme)
    made = browser.post("/account/webhooks", {"url": program.url, "description": "Shop"})
    assert b"whsec_" in made.content
    assert made["Cache-Control"] == "no-store"
    assert b"whsec_" not in browser.get("/account/webhooks").content
    with tenant_context(acme.pk):
        path = f"/account/webhooks/{WebhookEndpoint.objects.get().pk}"
    assert b"on its way" in browser.post(f"{path}/test", follow=True).content
    webhook_delivery.deliver_due(acme.pk)
    shown = browser.get(path).content.decode()
    assert "ping" in shown
    assert "204" in shown
    replayed = browser.post(f"{path}/replay", {"delivery": str(_sent(acme).pk)}, follow=True)
    assert b"on its way again" in replayed.content
    assert b"whsec_" in browser.post(f"{path}/rotate").content
    assert b"Switched off" in browser.post(f"{path}/disable", follow=True).content
    assert b"Switched on" in browser.post(f"{path}/enable", follow=True).content
    assert browser.post(f"{path}/nonsense").status_code == 404
    assert b"Nothing failed in the last 7 days" in browser.post(f"{path}/replay-failed", follow=True).content
    refused = browser.post(path, {"url": "nowhere", "description": "kept"})
    assert refused.status_code == 400
    assert b'value="kept"' in refused.content
    assert b"Saved" in browser.post(path, {"url": program.url}, follow=True).content
    assert b"told nothing" in browser.post(f"{path}/delete", follow=True).content


def test_replaying_says_what_is_true_of_each_message(committed_cast: Cast, program: Receiver) -> None:
    acme = committed_cast.acme
    browser = browser_of(committed_cast.alice, acme)
    with tenant_context(acme.pk):
        endpoint, _ = webhooks.create_endpoint(url=program.url, event_types=[])
        sent = webhooks.send_test(endpoint)
    path = f"/account/webhooks/{endpoint.pk}"

    def replay(deed: str) -> str:
        return browser.post(f"{path}/{deed}", {"delivery": str(sent.pk)}, follow=True).content.decode()

    assert "on its way already: it waits for its first try" in replay("replay")
    assert "1 message is still on the way" in replay("replay-failed")
    for tries, state, told in (
        (2, DeliveryState.PENDING, "The message is on its way again."),
        (10, DeliveryState.FAILED, "The message is on its way again."),
    ):
        with tenant_context(acme.pk):
            WebhookDelivery.objects.update(tries=tries, state=state)
        assert told in replay("replay")
        assert _sent(acme).tries == 0
    with tenant_context(acme.pk):
        WebhookDelivery.objects.update(tries=10, state=DeliveryState.FAILED)
    assert "1 message is on the way again." in replay("replay-failed")
    webhook_delivery.deliver_due(acme.pk)
    nothing = replay("replay-failed")
    assert "Nothing failed in the last 7 days, so nothing is sent again." in nothing
    assert "still on the way" not in nothing


def test_creators_may_not_manage_webhooks(bob_browser: Client) -> None:
    assert bob_browser.get("/account/webhooks").status_code == 403


def _sent(acme: Tenant) -> WebhookDelivery:
    with tenant_context(acme.pk):
        return WebhookDelivery.objects.get()
