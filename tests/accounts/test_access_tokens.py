"""Access tokens: what is in them, which are refused, and that they grant nothing by themselves."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts import access_tokens, conf
from cutroom import clock
from tests.accounts.conftest import NEWCOMER, ask, sign_in
from tests.cast import Cast, open_session

pytestmark = pytest.mark.django_db

ME = "/api/auth/me"
VERIFY = "/api/auth/magic-link/verify"

NOBODY = "00000000-0000-4000-8000-000000000000"

Forge = Callable[..., str]


def me(token: str, *, scheme: str = "Bearer") -> Any:
    return APIClient().get(ME, HTTP_AUTHORIZATION=f"{scheme} {token}")


@pytest.fixture
def forge(cast: Cast, settings: Settings) -> Forge:
    """A token of Alice's session with some claims replaced, signed with a key of choice."""
    session, now = open_session(cast.alice, cast.acme), clock.now()

    def make(
        *, key: str = "", algorithm: str = "HS256", kid: str = "", without: str = "", **claims: Any
    ) -> str:
        body = {
            "iss": "http://testserver",
            "aud": access_tokens.AUDIENCE,
            "sub": str(cast.alice.pk),
            "sid": str(session.pk),
            "jti": uuid.uuid4().hex,
            "tenant_id": str(cast.acme.pk),
            "iat": now,
            "nbf": now,
            "exp": now + timedelta(hours=1),
            **claims,
        }
        body.pop(without, None)
        headers = {"kid": kid or access_tokens.key_id(settings.JWT_SECRET)}
        return jwt.encode(body, key or settings.JWT_SECRET, algorithm=algorithm, headers=headers)

    return make


def test_j1_verify_answers_as_the_guide_says(stranger: APIClient) -> None:
    answer = stranger.post(VERIFY, {"token": ask(NEWCOMER).token})
    body = answer.json()
    token = body.pop("access_token")
    assert body == {"refresh_token": None, "token_type": "bearer", "expires_in": 86400}
    assert token.startswith("eyJ")
    assert answer.cookies[conf.refresh_cookie()].value not in answer.content.decode()


def test_j10_the_claims(settings: Settings) -> None:
    token = sign_in(NEWCOMER).access_token
    claims = jwt.decode(token, settings.JWT_SECRET, algorithms=["HS256"], audience="cutroom-api")
    assert set(claims) == {"iss", "aud", "sub", "sid", "jti", "tenant_id", "iat", "nbf", "exp"}
    assert claims["exp"] - claims["iat"] == 86400
    assert jwt.get_unverified_header(token)["kid"]


def test_the_forger_of_these_tests_can_make_a_good_token(forge: Forge) -> None:
    assert me(forge()).status_code == 200


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # HS512 wants a longer key
@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.test"},
        {"aud": "another-api"},
        {"exp": timedelta(minutes=-1)},
        {"nbf": timedelta(hours=1)},
        {"sub": NOBODY},
        {"sub": "not-a-uuid"},
        {"sid": NOBODY},
        {"tenant_id": "not-a-uuid"},
        {"key": "a-key-that-is-not-ours-but-is-long-enough-to-sign"},
        {"kid": "00000000"},
        {"algorithm": "HS512"},
        *({"without": name} for name in access_tokens.REQUIRED),
    ],
    ids=str,
)
def test_j10_anything_else_is_401(forge: Forge, claims: dict[str, Any]) -> None:
    now = clock.now()
    answer = me(forge(**{k: now + v if isinstance(v, timedelta) else v for k, v in claims.items()}))
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_j10_a_token_that_was_good_before_ends_in_its_time(
    forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its signature is remembered, its times are judged anew."""
    token = forge()
    assert me(token).status_code == 200
    for hours, status in ((0.99, 200), (1.01, 401), (-0.01, 401)):
        moment = (clock.now() + timedelta(hours=hours)).timestamp()
        monkeypatch.setattr(access_tokens, "time", SimpleNamespace(time=lambda moment=moment: moment))
        assert me(token).status_code == status


def test_j10_one_changed_letter_is_refused_also_after_the_good_token(forge: Forge) -> None:
    token = forge()
    assert me(token).status_code == 200
    head, body, signature = token.split(".")
    other = "B" if signature[0] == "A" else "A"
    assert me(f"{head}.{body}.{other}{signature[1:]}").status_code == 401


def test_j10_an_unsigned_token_is_refused(forge: Forge) -> None:
    header, body, _ = forge().split(".")
    fields = json.loads(base64.urlsafe_b64decode(header + "=="))
    none = base64.urlsafe_b64encode(json.dumps({**fields, "alg": "none"}).encode()).rstrip(b"=").decode()
    for token in (f"{none}.{body}.", f"{header}.{body}."):
        assert me(token).status_code == 401


def test_j11_two_keys_are_valid_while_one_is_rotated_out(forge: Forge, settings: Settings) -> None:
    old, token = settings.JWT_SECRET, forge()
    settings.JWT_SECRET = "the-next-key-that-is-at-least-thirty-two-bytes"
    assert me(token).status_code == 401
    settings.JWT_SECRET_PREVIOUS = old
    assert me(token).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_j12_the_scheme_is_accepted_in_any_case(forge: Forge, scheme: str) -> None:
    assert me(forge(), scheme=scheme).status_code == 200


@pytest.mark.parametrize(
    "header", ["Basic YTpi", "Bearer", "Bearer ", "Bearer a b", "Token x", "Bearer \u00e9"]
)
def test_j12_other_headers_are_refused(header: str) -> None:
    assert APIClient().get(ME, HTTP_AUTHORIZATION=header).status_code == 401


def test_j12_two_tokens_and_tokens_in_the_query_are_refused(forge: Forge) -> None:
    token = forge()
    assert APIClient().get(ME, HTTP_AUTHORIZATION=f"Bearer {token}, Bearer {token}").status_code == 401
    assert APIClient().get(ME, {"access_token": token}).status_code == 403


def test_j13_me_without_credentials_is_403_elsewhere_it_is_401(stranger: APIClient) -> None:
    assert stranger.get(ME).status_code == 403
    assert stranger.get("/api/auth/sessions").status_code == 401


def test_me_tells_who_where_and_on_what(alice: APIClient, cast: Cast) -> None:
    body = alice.get(ME).json()
    assert body["session"].pop("id")
    assert {name: body[name] for name in ("id", "email", "role", "tenant")} == {
        "id": str(cast.alice.pk),
        "email": "alice@acme.test",
        "role": "admin",
        "tenant": {"id": str(cast.acme.pk), "slug": "acme", "name": "Acme", "plan": "free"},
    }
    assert (body["session"]["device"], body["session"]["is_current"]) == ("Firefox on Linux", True)


@pytest.mark.parametrize("kind", ["token", "key"])
def test_at_most_three_queries_come_before_the_views_own(alice: APIClient, cast: Cast, kind: str) -> None:
    """Who it is; BEGIN (a SAVEPOINT inside tests); set_config. No limit and no plan asks the database."""
    if kind == "key":
        key = alice.post("/api/account/api-keys", {}).json()["api_key"]
        alice.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    with CaptureQueriesContext(connection) as captured:
        assert alice.get("/api/v1/projects").status_code == 200
    own = next(n for n, query in enumerate(captured.captured_queries) if "rendering_project" in query["sql"])
    assert own <= 3


def test_a_signed_in_request_costs_one_query_to_recognise(
    alice: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # Who it is; SAVEPOINT (a BEGIN outside tests); set_config; the sessions; set_config back; RELEASE.
    with django_assert_num_queries(6):
        alice.get("/api/auth/sessions")
