"""API keys that got into the wrong hands: those in an address, and those a scanner of public code reports.

The report is GitHub's secret scanning call: a JSON list of `{"token", "type", "url"}`, signed with ECDSA and
SHA-256 over the body. Keys of reporters are configured, never fetched.
https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partner-program
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.db import connection
from django.http import HttpRequest

from accounts import api_keys, conf, keyring
from accounts.errors import BadCredentials, KeyInAddress
from accounts.models import ApiKey
from cutroom import clock
from tenants import audit
from tenants.context import tenant_context

FIND = "SELECT api_key_id, tenant_id FROM accounts_find_api_key(%s)"
_IN_TEXT = re.compile(r"sk_(?:prod|test)_[0-9A-Za-z]{38}")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A reported string, and whether it was a key of ours that still lived."""

    token: str
    is_ours: bool


def refuse_key_in_address(request: HttpRequest) -> None:
    """Raise KeyInAddress for a request whose query holds a well-formed key, and flag the key as leaked."""
    query = request.META.get("QUERY_STRING", "")
    if "sk_" not in query:
        return
    for key in _IN_TEXT.findall(query):
        if api_keys.is_well_formed(key):
            _flag(key, at=clock.now())
            raise KeyInAddress()


def verify_report(body: bytes, *, key_id: str, signature: str) -> None:
    """Was this body signed by a reporter we know? Raises BadCredentials."""
    public = conf.leak_reporters().get(key_id)
    try:
        key = load_der_public_key(base64.b64decode(public or "", validate=True))
        signed = base64.b64decode(signature, validate=True)
        if not isinstance(key, EllipticCurvePublicKey):
            raise BadCredentials("This reporter's key is of another kind than ECDSA.")
        key.verify(signed, body, ECDSA(SHA256()))
    except (ValueError, binascii.Error, InvalidSignature):
        raise BadCredentials("This report is not signed by a reporter we know.") from None


def revoke(tokens: Sequence[str], *, at: datetime) -> list[Found]:
    """End those that are keys of ours, tell their admins, audit it. Inside no tenant's context."""
    return [Found(token=token, is_ours=_revoke(token, at=at)) for token in tokens]


def _revoke(token: str, *, at: datetime) -> bool:
    owner = _owner(token)
    if owner is None:
        return False
    with tenant_context(owner.tenant_id):
        key = ApiKey.objects.select_for_update().filter(pk=owner.api_key_id, revoked_at=None).first()
        if key is None:
            return False
        key.leaked_at, key.revoked_at = key.leaked_at or at, at
        key.save(update_fields=["leaked_at", "revoked_at"])
        audit.record("api-key.revoked", target=f"api-key:{key.pk}", detail={"reason": "leaked"})
        keyring.tell_admins(
            key,
            subject="An API key was found in public and revoked",
            sentence="A scanner of public code found it and told us. It stopped working at once. "
            "Look what it was used for, and make a new one.",
            at=at,
        )
    return True


def _flag(token: str, *, at: datetime) -> None:
    owner = _owner(token)
    if owner is None:
        return
    with tenant_context(owner.tenant_id):
        if not ApiKey.objects.filter(pk=owner.api_key_id, leaked_at=None).update(leaked_at=at):
            return
        audit.record("api-key.leaked", target=f"api-key:{owner.api_key_id}", detail={"where": "address"})
        keyring.tell_admins(
            ApiKey.objects.get(pk=owner.api_key_id),
            subject="An API key was sent in an address",
            sentence="Addresses are kept in logs and histories, so others may have seen it. The request was "
            "refused; the key still works. Make a new one and revoke this one.",
            at=at,
        )


@dataclass(frozen=True, kw_only=True)
class _Owner:
    api_key_id: UUID
    tenant_id: UUID


def _owner(token: str) -> _Owner | None:
    if not api_keys.is_well_formed(token):
        return None
    with connection.cursor() as cursor:
        cursor.execute(FIND, [api_keys.key_digest(token)])
        row = cursor.fetchone()
    return _Owner(api_key_id=row[0], tenant_id=row[1]) if row else None
