"""Settings of the gdpr app, read lazily so that tests can override them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections


@dataclass(frozen=True, kw_only=True)
class Controller:
    """Who answers for the data, as the register and the privacy notice name them."""

    name: str
    address: str
    contact: str
    officer: str
    authority: str
    hosting: str


def backup_store() -> str:
    """GDPR_BACKUP_STORE: where backups lie, a path or s3://bucket/prefix (CUTROOM_VAR/backups)."""
    return str(getattr(settings, "GDPR_BACKUP_STORE", "") or Path(settings.CUTROOM_VAR) / "backups")


def backup_s3_endpoint() -> str:
    """GDPR_BACKUP_S3_ENDPOINT: the address of an S3 that is not Amazon's; empty for Amazon's."""
    return str(getattr(settings, "GDPR_BACKUP_S3_ENDPOINT", ""))


def instance() -> str:
    """GDPR_INSTANCE: the name of this installation in a store that several share (the host of SITE_URL)."""
    return str(getattr(settings, "GDPR_INSTANCE", "") or urlsplit(settings.SITE_URL).hostname or "cutroom")


def backup_recipients() -> list[str]:
    """GDPR_BACKUP_RECIPIENTS: age public keys; empty means those of `backup_keys create`."""
    return list(getattr(settings, "GDPR_BACKUP_RECIPIENTS", ()))


def backup_identity_file() -> Path | None:
    """GDPR_BACKUP_IDENTITY_FILE: age's private key, only where drills are to run."""
    named = getattr(settings, "GDPR_BACKUP_IDENTITY_FILE", "")
    return Path(named) if named else None


def creates_backup_keys() -> bool:
    """GDPR_CREATES_BACKUP_KEYS: make a key pair when there is none. Development only."""
    return bool(getattr(settings, "GDPR_CREATES_BACKUP_KEYS", False))


def keys_dir() -> Path:
    """Where `backup_keys create` keeps the public key, and development the private one."""
    return Path(settings.CUTROOM_VAR) / "keys"


def backup_kept() -> timedelta:
    """GDPR_BACKUP_KEEP_DAYS: no backup is kept longer, except the last verified one (35 days)."""
    return timedelta(days=int(getattr(settings, "GDPR_BACKUP_KEEP_DAYS", 35)))


def backup_hour() -> int:
    """GDPR_BACKUP_HOUR: the hour (UTC) after which the daily backup is made (2)."""
    return int(getattr(settings, "GDPR_BACKUP_HOUR", 2))


def backup_ping_url() -> str:
    """GDPR_BACKUP_PING_URL: fetched after each good backup, so that silence raises an alarm elsewhere."""
    return str(getattr(settings, "GDPR_BACKUP_PING_URL", ""))


def postgres_programs() -> str:
    """GDPR_POSTGRES_PROGRAMS: the directory with pg_dump and pg_restore; empty means look for them."""
    return str(getattr(settings, "GDPR_POSTGRES_PROGRAMS", ""))


def database(role: str) -> dict[str, Any]:
    """How to connect as `owner` or `backup`: Django's keys NAME, HOST, PORT, USER, PASSWORD.

    All roles use one database, so its name is taken from the owner's connection.
    """
    owner: dict[str, Any] = connections["owner"].settings_dict
    given: dict[str, Any] = owner if role == "owner" else getattr(settings, "GDPR_BACKUP_DATABASE", owner)
    return {**given, "NAME": owner["NAME"]}


def address_key() -> bytes:
    """Keys the names of stored media: whoever sees the store cannot test it for files they know."""
    return hmac.digest(str(settings.SECRET_KEY).encode(), b"backup media addresses", hashlib.sha256)


def media_root() -> Path | None:
    """The folder of the media, or None when they lie in a bucket."""
    default: Any = settings.STORAGES["default"]
    options = default.get("OPTIONS", {})
    return Path(options["location"]) if "location" in options else None


def version() -> str:
    """The version of this code; empty outside a release."""
    return str(getattr(settings, "CUTROOM_VERSION", ""))


def controller() -> Controller:
    """GDPR_CONTROLLER: the words of PRIVACY_* in the environment; the contact falls back to the sender."""
    words = settings.GDPR_CONTROLLER
    return Controller(**{**words, "contact": words["contact"] or settings.DEFAULT_FROM_EMAIL})


def providers() -> set[str]:
    """RENDERING_PROVIDERS: dotted paths of whoever makes pictures and voices."""
    chosen = getattr(settings, "RENDERING_PROVIDERS", {})
    return {path for paths in chosen.values() for path in paths}


def is_set(name: str) -> bool:
    """Does a setting that turns a third party on have a value?"""
    return bool(getattr(settings, name, ""))


def retention_days() -> dict[str, int]:
    """GDPR_RETENTION_DAYS: other days for streams of the retention table."""
    return {stream: int(days) for stream, days in getattr(settings, "GDPR_RETENTION_DAYS", {}).items()}


def breach_hours() -> int:
    """GDPR_BREACH_HOURS: within how many hours the authority has to know of a breach (72)."""
    return int(getattr(settings, "GDPR_BREACH_HOURS", 72))


def erasure_grace() -> timedelta:
    """GDPR_ERASURE_GRACE_DAYS: how long an erasure can be undone (14 days)."""
    return timedelta(days=int(getattr(settings, "GDPR_ERASURE_GRACE_DAYS", 14)))


def site_url() -> str:
    """SITE_URL: where an export comes from, and where links in mails lead."""
    return str(settings.SITE_URL)


def redis_url() -> str:
    """REDIS_URL: where keys may be that belong to somebody."""
    return str(settings.REDIS_URL)


def export_hours() -> int:
    """GDPR_EXPORT_HOURS: an export can be downloaded for so long (24)."""
    return int(getattr(settings, "GDPR_EXPORT_HOURS", 24))


def exports_a_day() -> int:
    """GDPR_EXPORTS_A_DAY: how many exports one person may ask for in 24 hours (10)."""
    return int(getattr(settings, "GDPR_EXPORTS_A_DAY", 10))


def export_lease_seconds() -> int:
    """GDPR_EXPORT_LEASE_SECONDS: how long a silent process is believed to be making an export (60)."""
    return int(getattr(settings, "GDPR_EXPORT_LEASE_SECONDS", 60))


def export_wait_seconds() -> float:
    """GDPR_EXPORT_WAIT_SECONDS: how long the request for an export waits for a small one (5)."""
    return float(getattr(settings, "GDPR_EXPORT_WAIT_SECONDS", 5))
