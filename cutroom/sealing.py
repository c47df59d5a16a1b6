"""Small secrets at rest: encrypted so that a dump of the database is worth nothing without the key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet
from django.conf import settings


def new_token() -> str:
    """256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """SHA-256 of a random token (hex). Enough for high-entropy secrets; no salt or stretching needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def keyed_digest(text: str, *, purpose: str) -> str:
    """HMAC-SHA-256 (hex) under SECRET_KEY, for secrets that could be guessed and for look-ups."""
    key = f"{purpose}:{settings.SECRET_KEY}".encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def seal(text: str, *, key: str) -> bytes:
    """Encrypt `text` under a key of any length (Fernet: AES-128-CBC with HMAC)."""
    return _fernet(key).encrypt(text.encode())


def unseal(sealed: bytes | memoryview, *, key: str) -> str:
    """The text sealed under `key`. Raises cryptography's InvalidToken for another key."""
    return _fernet(key).decrypt(bytes(sealed)).decode()


def _fernet(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"seal:{key}".encode()).digest()))
