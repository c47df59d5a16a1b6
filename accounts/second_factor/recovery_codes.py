"""Recovery codes: ten ways in when everything else is lost. Each works once and is shown once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import conf
from accounts.second_factor.models import RecoveryCode

# No 0, 1, l or o: people copy these from paper.
ALPHABET = "23456789abcdefghijkmnpqrstuvwxyz"
LENGTH = 10
# 50 random bits are too few for a plain hash (OWASP ASVS 5.0, 6.5.2): scrypt, RFC 7914, 16 MiB a guess.
SCRYPT = {"n": 2**14, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024}


def renew(*, user_id: UUID, at: datetime) -> list[str]:
    """Ten new codes as people write them, `abcde-fghij`; all earlier ones die. They are stored nowhere."""
    codes = [_new_code() for _ in range(conf.RECOVERY_CODES)]
    salt = secrets.token_hex(16)
    rows = [
        RecoveryCode(user_id=user_id, salt=salt, digest=_digest(code, salt=salt), created_at=at)
        for code in codes
    ]
    with transaction.atomic():
        RecoveryCode.objects.filter(user_id=user_id).delete()
        RecoveryCode.objects.bulk_create(rows)
    return codes


def use(*, user_id: UUID, code: str, at: datetime) -> bool:
    """Spend a code. Of any number of parallel uses of one code exactly one is true."""
    unused = RecoveryCode.objects.filter(user_id=user_id, used_at=None)
    salt = unused.values_list("salt", flat=True).first()
    if salt is None:
        return False
    return bool(unused.filter(digest=_digest(code, salt=salt)).update(used_at=at))


def left(user_id: UUID) -> int:
    """How many codes a person can still use."""
    return RecoveryCode.objects.filter(user_id=user_id, used_at=None).count()


def _new_code() -> str:
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{code[:5]}-{code[5:]}"


def _digest(code: str, *, salt: str) -> str:
    typed = "".join(character for character in code.lower() if character in ALPHABET)
    return hashlib.scrypt(typed.encode(), salt=bytes.fromhex(salt), dklen=32, **SCRYPT).hex()
