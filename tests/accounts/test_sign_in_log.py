"""Refused sign-ins stand in the audit log of the person's tenant, written by a worker."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import redis
from django.conf import settings
from rest_framework.test import APIClient

from accounts import tasks
from tenants.context import tenant_context
from tenants.models import AuditEntry
from tests.accounts.conftest import NEWCOMER, ask
from tests.cast import Cast, give_app

pytestmark = pytest.mark.django_db

VERIFY = "/api/auth/magic-link/verify"


def doorbells() -> list[dict[str, Any]]:
    """Arguments of the tasks that wait to be run, oldest first."""
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        messages = [json.loads(raw) for raw in server.lrange("default", 0, -1)]
    bodies = [json.loads(base64.b64decode(message["body"])) for message in reversed(messages)]
    wanted = "accounts.record_refused_sign_in"
    return [
        kwargs
        for message, (_, kwargs, _) in zip(reversed(messages), bodies, strict=True)
        if message["headers"]["task"] == wanted
    ]


def refused(cast: Cast) -> list[AuditEntry]:
    for doorbell in doorbells():
        tasks.record_refused_sign_in(**doorbell)
    with tenant_context(cast.acme.pk):
        return list(AuditEntry.objects.filter(action="sign-in.refused"))


def test_a_wrong_code_is_recorded(stranger: APIClient, cast: Cast) -> None:
    ask(cast.alice.email)
    stranger.post(VERIFY, {"email": cast.alice.email, "code": "000000"}, HTTP_X_REQUEST_ID="guess-1")
    [entry] = refused(cast)
    assert (entry.is_denied, entry.user_id) == (True, cast.alice.pk)
    assert entry.detail == {"code": "link-invalid", "request_id": "guess-1"}


def test_so_is_a_used_link(stranger: APIClient, cast: Cast) -> None:
    token = ask(cast.alice.email).token
    for _ in range(2):
        stranger.post(VERIFY, {"token": token})
    assert [entry.detail["code"] for entry in refused(cast)] == ["link-used"]


def test_so_is_a_wrong_second_factor(stranger: APIClient, cast: Cast) -> None:
    give_app(cast.alice)
    problem = stranger.post(VERIFY, {"token": ask(cast.alice.email).token}).json()
    stranger.post("/api/auth/second-factor", {"challenge": problem["challenge"], "code": "000000"})
    assert [entry.detail["code"] for entry in refused(cast)] == ["second-factor-refused"]


def test_an_unknown_address_costs_the_same_and_is_recorded_nowhere(stranger: APIClient, cast: Cast) -> None:
    ask(NEWCOMER)
    stranger.post(VERIFY, {"email": NEWCOMER, "code": "000000"})
    [doorbell] = doorbells()
    assert tasks.record_refused_sign_in(**doorbell) is False
    assert refused(cast) == []


def test_the_message_holds_no_address(stranger: APIClient, cast: Cast) -> None:
    ask(cast.alice.email)
    stranger.post(VERIFY, {"email": cast.alice.email, "code": "000000"})
    assert "alice" not in str(doorbells())


def test_a_link_we_never_made_rings_nobody(stranger: APIClient, cast: Cast) -> None:
    stranger.post(VERIFY, {"token": "guess"})
    assert doorbells() == []
