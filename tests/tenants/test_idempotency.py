"""The same POST twice is one deed (draft-ietf-httpapi-idempotency-key-header-07)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.test import APIClient

from cutroom import clock
from cutroom.errors import InvalidInput
from cutroom.problems import problem_response
from tenants import audit
from tenants.context import tenant_context
from tenants.idempotency import CLAIM_LASTS, CLAIMED
from tenants.models import AuditEntry, IdempotencyRecord
from tests.cast import Cast, bearer

SOON_SECONDS = 30
entered, may_leave = threading.Event(), threading.Event()


@csrf_exempt
def deed(request: HttpRequest, name: str) -> HttpResponse:
    """Does something that can be counted, and answers with the count."""
    if request.GET.get("slow"):
        entered.set()
        may_leave.wait(SOON_SECONDS)
    audit.record("test.done")
    if name == "refused":
        return problem_response(request, InvalidInput("No."))
    headers = {"Location": "/somewhere", "Retry-After": "7"}
    if name == "secret":
        headers["Cache-Control"] = "no-store"
    return JsonResponse({"count": AuditEntry.objects.count()}, status=201, headers=headers)


@csrf_exempt
def own_deed(request: HttpRequest, name: str) -> HttpResponse:
    """The same in a transaction of its own."""
    is_open = connection.in_atomic_block
    with tenant_context(request.principal.tenant_id):  # type: ignore[attr-defined]  # see TenantRequest
        answer = deed(request, name)
    if answer.status_code == 201:
        answer.content = json.dumps({"in_transaction": is_open, **json.loads(answer.content)}).encode()
    return answer


urlpatterns = [path("api/test/<str:name>", deed), path("", include("config.urls"))]
own_urls = ModuleType(f"{__name__}.own_urls")
own_urls.urlpatterns = [path("api/test/<str:name>", own_deed)]  # type: ignore[attr-defined]  # made here


@pytest.fixture(autouse=True)
def _urls(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    entered.clear()
    may_leave.clear()
    yield
    may_leave.set()


def post(
    client: APIClient, name: str = "thing", *, key: str = "k1", body: Any = None, query: str = ""
) -> Any:
    return client.post(f"/api/test/{name}{query}", body or {"a": 1}, headers={"idempotency-key": key})


def deeds(cast: Cast) -> int:
    with tenant_context(cast.acme.pk):
        return AuditEntry.objects.filter(action="test.done").count()


def test_the_second_post_gets_the_first_answer(alice: APIClient, cast: Cast) -> None:
    first, second = post(alice), post(alice)
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert second["Idempotent-Replayed"] == "true"
    assert (second["Location"], second["Retry-After"]) == ("/somewhere", "7")
    assert second["Content-Type"] == first["Content-Type"]
    assert deeds(cast) == 1


def test_another_key_and_no_key_are_other_deeds(alice: APIClient, cast: Cast) -> None:
    post(alice, key="k1")
    post(alice, key="k2")
    post(alice, key="")
    assert deeds(cast) == 3


def test_the_same_key_elsewhere_is_another_deed(alice: APIClient, cast: Cast) -> None:
    post(alice, "thing")
    post(alice, "other")
    assert deeds(cast) == 2


def test_another_body_under_the_same_key_is_refused(alice: APIClient, cast: Cast) -> None:
    post(alice)
    response = post(alice, body={"a": 2})
    assert (response.status_code, response.json()["code"]) == (422, "idempotency-mismatch")
    assert deeds(cast) == 1


def test_refusals_are_not_kept(alice: APIClient, cast: Cast) -> None:
    assert [post(alice, "refused").status_code for _ in range(2)] == [400, 400]
    assert deeds(cast) == 0
    with tenant_context(cast.acme.pk):
        assert not IdempotencyRecord.objects.exists()


def test_an_answer_that_must_not_be_stored_is_not_kept(alice: APIClient, cast: Cast) -> None:
    """A new API key is shown once, and its answer says no-store."""
    assert post(alice, "secret").status_code == 201
    with tenant_context(cast.acme.pk):
        assert not IdempotencyRecord.objects.exists()


def test_keys_of_two_tenants_do_not_meet(alice: APIClient, charlie: APIClient) -> None:
    post(alice)
    response = post(charlie, body={"a": 2})
    assert response.status_code == 201
    assert "Idempotent-Replayed" not in response


def test_strangers_have_no_memory(stranger: APIClient, db: None) -> None:
    response = stranger.post("/api/auth/refresh", headers={"idempotency-key": "k1"})
    assert response.status_code == 403


def test_a_key_may_have_255_characters(alice: APIClient) -> None:
    assert post(alice, key="k" * 255).status_code == 201
    assert post(alice, key="k" * 256).status_code == 400


def test_a_long_path_is_remembered_as_well(alice: APIClient, cast: Cast) -> None:
    first, second = post(alice, "x" * 400), post(alice, "x" * 400)
    assert first.content == second.content
    assert deeds(cast) == 1


@pytest.mark.committed
def test_while_the_first_is_running_the_second_is_told_to_wait(committed_cast: Cast) -> None:
    cast, answers = committed_cast, []
    first, second = bearer(cast.alice, cast.acme), bearer(cast.alice, cast.acme)
    thread = threading.Thread(target=lambda: answers.append(post_and_close(first)))
    thread.start()
    assert entered.wait(SOON_SECONDS)
    early = post(second)
    may_leave.set()
    thread.join()
    assert (early.status_code, early.json()["code"], early["Retry-After"]) == (
        409,
        "idempotency-in-flight",
        "1",
    )
    assert post(second, "thing?slow=1").content == answers[0].content
    assert deeds(cast) == 1


def post_and_close(client: APIClient) -> Any:
    try:
        return post(client, "thing?slow=1")
    finally:
        connections.close_all()


@pytest.mark.committed
class TestBetweenTransactions:
    """A view that opens its own transactions, because it asks another service in between."""

    @pytest.fixture(autouse=True)
    def _own(self, settings: Any) -> None:
        settings.TENANTS_OWN_TRANSACTIONS = ("/api/test/",)
        settings.ROOT_URLCONF = own_urls

    def test_it_has_no_open_transaction(self, committed_cast: Cast) -> None:
        client = bearer(committed_cast.alice, committed_cast.acme)
        assert post(client, key="").json()["in_transaction"] is False

    def test_the_second_post_gets_the_first_answer(self, committed_cast: Cast) -> None:
        client = bearer(committed_cast.alice, committed_cast.acme)
        first, second = post(client), post(client)
        assert (second.content, second["Idempotent-Replayed"]) == (first.content, "true")
        assert post(client, body={"a": 2}).status_code == 422
        assert deeds(committed_cast) == 1

    def test_a_refusal_frees_the_key(self, committed_cast: Cast) -> None:
        client = bearer(committed_cast.alice, committed_cast.acme)
        assert post(client, "refused").status_code == 400
        with tenant_context(committed_cast.acme.pk):
            assert not IdempotencyRecord.objects.exists()

    def test_while_the_first_is_running_the_second_is_told_to_wait(self, committed_cast: Cast) -> None:
        first, second = (bearer(committed_cast.alice, committed_cast.acme) for _ in range(2))
        thread = threading.Thread(target=post_and_close, args=(first,))
        thread.start()
        assert entered.wait(SOON_SECONDS)
        early = post(second)
        may_leave.set()
        thread.join()
        assert (early.status_code, early.json()["code"]) == (409, "idempotency-in-flight")
        assert post(second).status_code == 201
        assert deeds(committed_cast) == 1

    def test_a_claim_of_a_dead_process_does_not_stay(self, committed_cast: Cast) -> None:
        with tenant_context(committed_cast.acme.pk):
            IdempotencyRecord.objects.create(
                key="k1", path="/api/test/thing", request_hash="", status=CLAIMED, body=b""
            )
            IdempotencyRecord.objects.update(created_at=clock.now() - CLAIM_LASTS)
        assert post(bearer(committed_cast.alice, committed_cast.acme)).status_code == 201
