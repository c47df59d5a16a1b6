"""Access tokens: JWTs that name a session and select a tenant, and grant nothing by themselves (RFC 8725)."""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import jwt

from accounts import conf
from accounts.errors import BadCredentials

ALGORITHM = "HS256"
AUDIENCE = "cutroom-api"
# Only our own servers issue tokens, so their clocks differ by little.
LEEWAY_SECONDS = 5
KEPT_TOKENS = 4096
REQUIRED = ["iss", "aud", "sub", "sid", "jti", "tenant_id", "iat", "nbf", "exp"]


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a verified token says. The role is not in it: it is read from the database each time."""

    user_id: UUID
    session_id: UUID
    tenant_id: UUID


def issue(*, user_id: UUID, session_id: UUID, tenant_id: UUID, at: datetime) -> str:
    """Sign an access token that lives for JWT_EXPIRE_HOURS."""
    key = conf.signing_keys()[0]
    claims = {
        "iss": conf.site_url(),
        "aud": AUDIENCE,
        "sub": str(user_id),
        "sid": str(session_id),
        "jti": uuid.uuid4().hex,
        "tenant_id": str(tenant_id),
        "iat": at,
        "nbf": at,
        "exp": at + conf.access_life(),
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": key_id(key)})


def read(token: str) -> Claims:
    """Verify signature, issuer, audience and times. Raises BadCredentials for anything else."""
    keys = tuple(conf.signing_keys())
    try:
        signed = _signed(token, keys=keys, issuer=conf.site_url())
    except (jwt.PyJWTError, StopIteration, ValueError):
        raise BadCredentials() from None
    if not signed.begins - LEEWAY_SECONDS <= time.time() < signed.ends + LEEWAY_SECONDS:
        raise BadCredentials()
    return signed.claims


@dataclass(frozen=True, kw_only=True)
class _Signed:
    """What a token says, and the seconds between which it may be used."""

    claims: Claims
    begins: int
    ends: int


@lru_cache(maxsize=KEPT_TOKENS)
def _signed(token: str, *, keys: tuple[str, ...], issuer: str) -> _Signed:
    """A client sends one token for a day; its signature is verified once. Refusals are not kept."""
    wanted = jwt.get_unverified_header(token).get("kid")
    key = next(key for key in keys if key_id(key) == wanted)
    # PyJWT judges the times here, too, but only this once.
    said = jwt.decode(
        token,
        key,
        algorithms=[ALGORITHM],
        audience=AUDIENCE,
        issuer=issuer,
        leeway=LEEWAY_SECONDS,
        options={"require": REQUIRED},
    )
    claims = Claims(
        user_id=UUID(said["sub"]), session_id=UUID(said["sid"]), tenant_id=UUID(said["tenant_id"])
    )
    return _Signed(claims=claims, begins=max(int(said["nbf"]), int(said["iat"])), ends=int(said["exp"]))


def key_id(key: str) -> str:
    """The `kid` of a signing key: the start of its hash."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]
