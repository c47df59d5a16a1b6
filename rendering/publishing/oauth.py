"""Google's sign-in for a channel: authorization code with PKCE, refresh, revocation.

https://developers.google.com/identity/protocols/oauth2/web-server, RFC 7636
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from cutroom import outgoing
from cutroom.outgoing import Answer, OutgoingError
from rendering import conf
from rendering.publishing.errors import GoogleError

SCOPES = (
    "https://www.googleapis.com/auth/youtube.upload",
    "https://www.googleapis.com/auth/youtube.readonly",
)
CALL_SECONDS = 15.0
MOST_BYTES = 100_000
CALLBACK = "/account/youtube/callback"


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What the browser keeps while its owner is at Google: the state and the PKCE verifier."""

    state: str
    verifier: str


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What Google gave: a token for now, and one to get others with."""

    access: str
    refresh: str


def new_asking() -> Asking:
    """Fresh random values for one round."""
    return Asking(state=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48))


def authorize_url(asking: Asking) -> str:
    """Where the browser is sent."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(asking.verifier.encode()).digest()).rstrip(b"=")
    query = {
        "client_id": settings.RENDERING_YOUTUBE_CLIENT_ID,
        "redirect_uri": redirect_uri(),
        "response_type": "code",
        "scope": " ".join(SCOPES),
        # Without both, a second connection of the same person gets no refresh token.
        "access_type": "offline",
        "prompt": "consent",
        "state": asking.state,
        "code_challenge": challenge.decode(),
        "code_challenge_method": "S256",
    }
    return f"{settings.RENDERING_YOUTUBE['authorize_url']}?{urlencode(query)}"


def redirect_uri() -> str:
    """Where Google sends the browser back; the operator enters it in Google's console."""
    return f"{conf.site_url()}{CALLBACK}"


def exchange(*, code: str, verifier: str) -> Tokens:
    """The tokens for a code. Raises GoogleError."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": redirect_uri(),
    }
    answer = _token(form)
    if not answer.get("refresh_token"):
        raise GoogleError("no-refresh-token", "Google gave no lasting permission. Connect again.")
    return Tokens(access=answer["access_token"], refresh=answer["refresh_token"])


def access_token(refresh_token: str) -> str:
    """A token for the next hour. Raises GoogleError (`is_connection_lost`: the permission is gone)."""
    return str(_token({"grant_type": "refresh_token", "refresh_token": refresh_token})["access_token"])


def revoke(token: str) -> None:
    """Take the permission back at Google. Raises GoogleError when Google does not answer."""
    answer = _post(settings.RENDERING_YOUTUBE["revoke_url"], {"token": token})
    # 400 is a token that Google does not know any more, which is what we want.
    if answer.status not in (200, 400):
        raise GoogleError("google-failed", f"Google did not answer ({answer.status}).", wait_seconds=60)


def _token(form: dict[str, str]) -> dict[str, Any]:
    client = {
        "client_id": settings.RENDERING_YOUTUBE_CLIENT_ID,
        "client_secret": settings.RENDERING_YOUTUBE_CLIENT_SECRET,
    }
    answer = _post(settings.RENDERING_YOUTUBE["token_url"], {**form, **client})
    found = _document(answer)
    if answer.status == 200 and isinstance(found.get("access_token"), str):
        return found
    if found.get("error") == "invalid_grant":
        detail = "Google no longer accepts the connection of this channel. Connect it again."
        raise GoogleError("connection-lost", detail, is_connection_lost=True)
    if answer.status in (400, 401):
        raise GoogleError("client-refused", "Google refuses this installation's client. Ask the operator.")
    raise GoogleError("google-failed", f"Google did not answer ({answer.status}).", wait_seconds=60)


def _post(url: str, form: dict[str, str]) -> Answer:
    try:
        return outgoing.fetch(
            "POST",
            url,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
            seconds=CALL_SECONDS,
            most_bytes=MOST_BYTES,
            is_private_allowed=conf.is_private_provider_allowed(),
        )
    except OutgoingError as error:
        raise GoogleError("google-unreachable", f"Google was not reached. {error}", wait_seconds=30) from None


def _document(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
