"""Backups: where they lie, for whom they are encrypted, how long they are kept (docs/backups.md)."""

from __future__ import annotations

from config.settings.environment import env as _env

GDPR_INSTANCE = _env.str("BACKUP_INSTANCE", default="")
GDPR_BACKUP_STORE = _env.str("BACKUP_STORE", default="")
GDPR_BACKUP_S3_ENDPOINT = _env.str("BACKUP_S3_ENDPOINT", default="")
GDPR_BACKUP_RECIPIENTS = _env.list("BACKUP_RECIPIENTS", default=[])
GDPR_BACKUP_IDENTITY_FILE = _env.str("BACKUP_IDENTITY", default="")
GDPR_BACKUP_KEEP_DAYS = _env.int("BACKUP_KEEP_DAYS", default=35)
GDPR_BACKUP_HOUR = _env.int("BACKUP_HOUR", default=2)
GDPR_BACKUP_PING_URL = _env.str("BACKUP_PING_URL", default="")
GDPR_POSTGRES_PROGRAMS = _env.str("POSTGRES_PROGRAMS", default="")
