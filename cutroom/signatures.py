"""Signed documents: one line of JSON, and below it one line with its Ed25519 signature (RFC 8032).

The signature is over the exact bytes of the first line, so `openssl pkeyutl -verify` can judge it too.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

_PURPOSE = b"cutroom signatures, Ed25519, 1"


class SignatureInvalid(ValueError):
    """The document is not what a key of this installation signed; the message says why."""


def sign(document: Mapping[str, Any]) -> bytes:
    """`document` as a signed document. Keys are sorted, so equal documents give equal bytes."""
    line = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    seal = {"key_id": key_id(public_key()), "signature": base64.b64encode(_private_key().sign(line)).decode()}
    return line + b"\n" + json.dumps(seal).encode() + b"\n"


def read(signed: bytes, *, kind: str) -> dict[str, Any]:
    """The document, when its signature is ours and its `kind` is the wanted one. Raises SignatureInvalid.

    Keys of SIGNING_KEYS_RETIRED count as ours.
    """
    line, _, rest = signed.partition(b"\n")
    _verify(line, rest)
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        raise SignatureInvalid("The signed line is not JSON.") from None
    if not isinstance(document, dict) or document.get("kind") != kind:
        raise SignatureInvalid(f"The document is signed, but it is no {kind}.")
    return document


def public_key() -> bytes:
    """The 32 bytes of the public key that signs now."""
    return _private_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_key_pem() -> str:
    """The public key that signs now, as PEM, the form that openssl reads."""
    key = _private_key().public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def key_id(public: bytes) -> str:
    """A short name of a public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def _private_key() -> Ed25519PrivateKey:
    """Derived from SIGNING_KEY, or from SECRET_KEY for another purpose, so one long secret is enough."""
    secret = getattr(settings, "SIGNING_KEY", "") or settings.SECRET_KEY
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(str(secret).encode())
    return Ed25519PrivateKey.from_private_bytes(seed)


def _verify(line: bytes, rest: bytes) -> None:
    try:
        seal = json.loads(rest)
        name, signature = str(seal["key_id"]), base64.b64decode(seal["signature"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SignatureInvalid("The signature is missing or cut off.") from None
    public = _known_keys().get(name)
    if public is None:
        raise SignatureInvalid(
            f"It was signed with the key {name}, which is not ours; see SIGNING_KEYS_RETIRED."
        )
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, line)
    except InvalidSignature:
        raise SignatureInvalid("The signature does not fit the document.") from None


def _known_keys() -> dict[str, bytes]:
    retired = (base64.b64decode(key) for key in getattr(settings, "SIGNING_KEYS_RETIRED", ()))
    return {key_id(key): key for key in (public_key(), *retired)}
