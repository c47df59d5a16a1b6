"""Access tokens: JWTs that name a session and select a tenant, and grant nothing by themselves (RFC 8725)."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import jwt

from accounts import conf
from accounts.errors import BadCredentials

ALGORITHM = "HS256"
AUDIENCE = "cutroom-api"
# Only our own servers issue tokens, so their clocks differ by little.
LEEWAY_SECONDS = 5
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
    try:
        wanted = jwt.get_unverified_header(token).get("kid")
        key = next(key for key in conf.signing_keys() if key_id(key) == wanted)
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=conf.site_url(),
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED},
        )
        return Claims(
            user_id=UUID(claims["sub"]), session_id=UUID(claims["sid"]), tenant_id=UUID(claims["tenant_id"])
        )
    except (jwt.PyJWTError, StopIteration, ValueError):
        raise BadCredentials() from None


def key_id(key: str) -> str:
    """The `kid` of a signing key: the start of its hash."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]
