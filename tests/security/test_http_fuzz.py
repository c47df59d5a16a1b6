"""Headers, cursors, ids and forms of any kind, over HTTP: no answer is a fault of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from tenants import downloads, storage
from tenants.context import tenant_context
from tests.architecture.test_caller_matrix import pages
from tests.architecture.test_tenant_matrix import endpoints, things
from tests.cast import Cast
from tests.security.test_parsers import HEADER, NUMBER, TEXT, fuzzed

__all__ = ["things"]

pytestmark = pytest.mark.django_db

LISTS = ["/api/v1/projects", "/api/v1/renders", "/api/v1/usage/events", "/api/account/audit"]
HEADERS = [
    "X-Request-Id",
    "Idempotency-Key",
    "traceparent",
    "If-Match",
    "If-None-Match",
    "Accept",
    "Accept-Language",
    "Last-Event-ID",
    "Authorization",
    "X-Forwarded-For",
    "Cookie",
    "Origin",
    "HX-Request",
    "Stripe-Signature",
    "Range",
]
# What has broken web programs before: NUL, lone surrogates, endless numbers, other planes, mixed directions.
NASTY = ["\x00", "a\x00b", "\ud800", "9" * 5000, "١٢٣", "\u202etxt.exe", "😀" * 100]
NASTY += ["%00", "../" * 30, "'\"<svg>", "word"]
NASTY_IN_FORMS = ["\x00", "9" * 5000, "word", "'\"<svg>"]
FIELDS = ["title", "script", "email", "emails", "name", "code", "next", "plan", "url", "narration", "reason"]


@fuzzed
@given(
    st.one_of(HEADER, st.tuples(NUMBER, NUMBER).map(lambda ends: f"bytes={ends[0]}-{ends[1]}")),
    st.integers(min_value=0, max_value=30),
)
@example("bytes=0-0,2-3", 10)
@example("bytes=-0", 10)
@example("bytes=-5", 0)
def test_a_range(cast: Cast, media: Path, rf: Any, wanted: str, size: int) -> None:
    key = storage.storage_key(tenant_id=cast.acme.pk, area="videos", name="x.mp4")
    source = media / "source"
    source.write_bytes(bytes(range(size)))
    with tenant_context(cast.acme.pk):
        storage.store_file(key, source)
    answer: Any = downloads.file_response(rf.get("/", headers={"Range": wanted}), key, "video/mp4")
    assert answer.status_code in (200, 206, 416)
    if answer.status_code != 416:
        assert len(b"".join(answer.streaming_content)) == int(answer["Content-Length"]) <= size


@fuzzed
@given(path=st.sampled_from(LISTS), cursor=TEXT, limit=st.one_of(TEXT, NUMBER))
def test_a_cursor(alice: APIClient, path: str, cursor: str, limit: str) -> None:
    answer = alice.get(path, {"cursor": cursor.encode("utf-8", "replace").decode(), "limit": limit})
    assert answer.status_code in (200, 400)


@fuzzed
@given(
    path=st.sampled_from(["/", "/login", "/api/auth/me", "/api/v1/projects", "/livez", "/library"]),
    headers=st.dictionaries(st.sampled_from(HEADERS), HEADER, max_size=4),
)
def test_headers(cast: Cast, path: str, headers: dict[str, str]) -> None:
    with transaction.atomic():
        answer = Client().get(path, headers=headers)
        transaction.set_rollback(True)
    assert answer.status_code < 500


@fuzzed
@given(body=st.one_of(st.binary(max_size=300), TEXT.map(str.encode)), signature=HEADER)
def test_a_webhook_of_stripe(body: bytes, signature: str) -> None:
    answer = Client().post(
        "/api/billing/webhook/00000000-0000-4000-8000-000000000000",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature},
    )
    assert 400 <= answer.status_code < 500


@fuzzed
@given(
    body=st.recursive(
        st.one_of(
            st.none(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.integers(), TEXT
        ),
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
        max_leaves=12,
    )
)
def test_a_json_body(alice: APIClient, body: Any) -> None:
    with transaction.atomic():
        answer = alice.post("/api/v1/projects", body, format="json")
        transaction.set_rollback(True)
    assert answer.status_code in (201, 400)


@pytest.mark.parametrize("nasty", NASTY, ids=lambda text: ascii(text[:9]))
def test_any_text_in_any_place_of_any_path(
    alice: APIClient, things: dict[str, str], media: Path, nasty: str
) -> None:
    found = {}
    alice.raise_request_exception = False
    for endpoint in endpoints():
        for name in endpoint.names:
            path = endpoint.path({**things, name: quote(nasty, safe="", errors="surrogatepass")})
            with transaction.atomic():
                status = alice.get(path).status_code
                transaction.set_rollback(True)
            if status not in (404, 405):
                found[path[:80]] = status
    assert found == {}


@pytest.mark.parametrize("nasty", NASTY_IN_FORMS, ids=["nul", "long", "word", "markup"])
def test_any_text_in_the_forms_of_any_page(
    alice_browser: Client, things: dict[str, str], media: Path, nasty: str
) -> None:
    form, broken = dict.fromkeys(FIELDS, nasty), set()
    alice_browser.raise_request_exception = False
    for route, path in pages(things):
        with transaction.atomic():
            answers = [alice_browser.post(path, form), alice_browser.get(path, form)]
            transaction.set_rollback(True)
        if any(answer.status_code >= 500 for answer in answers):
            broken.add(route)
    assert broken == set()
