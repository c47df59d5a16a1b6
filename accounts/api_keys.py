"""API keys: `sk_prod_` or `sk_test_`, 32 random base62 characters and a 6-character checksum.

The format is GitHub's (https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/): a
checksum lets scanners and us refuse typing errors without asking the database.
"""

from __future__ import annotations

import secrets
import string
import zlib

from accounts import conf
from cutroom import sealing

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_LENGTH = 32
CHECKSUM_LENGTH = 6
PREFIXES = ("sk_prod_", "sk_test_")


def new_key() -> str:
    """A fresh key in this installation's format."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))
    return f"{conf.key_prefix()}{body}{_checksum(body)}"


def is_well_formed(key: str) -> bool:
    """Prefix, length and checksum fit, so that asking the database is worth it."""
    body = key[8:-CHECKSUM_LENGTH]
    return key.startswith(PREFIXES) and len(body) == SECRET_LENGTH and key.endswith(_checksum(body))


def key_digest(key: str) -> str:
    """What is stored and looked up: HMAC-SHA-256 under the server's secret."""
    return sealing.keyed_digest(key, purpose="api-key")


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        digits = ALPHABET[rest] + digits
    return digits
