"""Keys in the wrong hands: in an address, or found in public and reported by whoever signs for it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts import api_keys
from accounts.models import ApiKey
from tenants.context import tenant_context
from tenants.models import AuditEntry
from tests.accounts.invites import Delivered
from tests.accounts.test_api_keys import ME, me, rotate
from tests.cast import Cast

pytestmark = pytest.mark.django_db

REPORT = "/api/auth/leaked-keys"
REPORTER = "scanner-1"


@pytest.fixture
def scanner(settings: Settings) -> EllipticCurvePrivateKey:
    """A scanner of public code whose reports are believed."""
    key = generate_private_key(SECP256R1())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    settings.ACCOUNTS_LEAK_REPORTERS = {REPORTER: base64.b64encode(public).decode()}
    return key


@pytest.fixture
def key(alice: APIClient) -> str:
    return rotate(alice)


def report(scanner: EllipticCurvePrivateKey, body: bytes, *, signed: bytes | None = None) -> Any:
    signature = base64.b64encode(scanner.sign(signed or body, ECDSA(SHA256()))).decode()
    headers = {"Github-Public-Key-Identifier": REPORTER, "Github-Public-Key-Signature": signature}
    return APIClient().post(REPORT, body, content_type="application/json", headers=headers)


def batch(*tokens: str) -> bytes:
    return json.dumps(
        [{"token": token, "type": "cutroom", "url": "https://x.test"} for token in tokens]
    ).encode()


def test_k11_a_signed_report_ends_the_key_tells_its_admins_and_is_audited(
    scanner: EllipticCurvePrivateKey, key: str, cast: Cast, delivered: Delivered
) -> None:
    unknown = api_keys.new_key()
    answer = report(scanner, batch(key, unknown, "no key at all"))
    assert [row["label"] for row in answer.json()] == ["true_positive", "false_positive", "false_positive"]
    assert me(key) == 401
    [mail] = delivered()
    assert (mail.to, "revoked" in mail.subject) == ([cast.alice.email], True)
    assert key not in str(mail.body)
    with tenant_context(cast.acme.pk):
        entry = AuditEntry.objects.get(action="api-key.revoked")
    assert entry.detail == {"reason": "leaked"}


def test_k11_the_same_report_twice_is_one_deed(
    scanner: EllipticCurvePrivateKey, key: str, delivered: Delivered
) -> None:
    labels = [report(scanner, batch(key)).json()[0]["label"] for _ in range(2)]
    assert labels == ["true_positive", "false_positive"]
    assert len(delivered()) == 1


def test_k11_a_report_that_nobody_we_know_signed_changes_nothing(
    scanner: EllipticCurvePrivateKey, key: str
) -> None:
    body = batch(key)
    answers = [
        APIClient().post(REPORT, body, content_type="application/json"),
        report(generate_private_key(SECP256R1()), body),
        report(scanner, body, signed=batch(api_keys.new_key())),
    ]
    assert {(each.status_code, each.json()["code"]) for each in answers} == {(401, "bad-credentials")}
    assert me(key) == 200


@pytest.mark.parametrize("body", [b"{", b"{}", b"[7]", b'[{"token": 7}]', batch(*"abc" * 40), b"[" * 100_000])
def test_a_signed_report_that_is_none_is_refused(scanner: EllipticCurvePrivateKey, body: bytes) -> None:
    assert report(scanner, body).status_code in (200, 400)


def test_k10_a_key_in_an_address_is_refused_with_a_hint_and_flagged(
    key: str, cast: Cast, delivered: Delivered
) -> None:
    answers = [APIClient().get(ME, {"api_key": key}) for _ in range(2)]
    assert {(each.status_code, each.json()["code"]) for each in answers} == {(400, "key-in-address")}
    assert "Authorization: Bearer" in answers[0].json()["title"]
    assert key not in answers[0].text
    with tenant_context(cast.acme.pk):
        assert ApiKey.objects.get().leaked_at
        assert AuditEntry.objects.filter(action="api-key.leaked").count() == 1
    assert [mail.to for mail in delivered()] == [[cast.alice.email]]
    assert me(key) == 200


def test_k10_so_is_one_beside_good_credentials(alice: APIClient, key: str) -> None:
    assert alice.get("/api/v1/projects", {"token": key}).status_code == 400


def test_k10_a_logged_request_shows_no_key(key: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    APIClient().get(ME, {"api_key": key})
    APIClient().get(ME, HTTP_AUTHORIZATION=f"Bearer {key}")
    assert key not in caplog.text
    assert all(key not in repr(vars(record)) for record in caplog.records)


def test_k13_a_thousand_wrong_keys_cost_nothing_but_a_checksum(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """No digest is compared for what is no key, and one is made for what could be: never a slow hash."""
    with django_assert_num_queries(0):
        assert {me(f"sk_test_{number:038d}") for number in range(200)} == {401}
    with django_assert_num_queries(50):
        assert {me(api_keys.new_key()) for _ in range(50)} == {401}
