"""Addresses of the database: one database, one alias for each role (docs/architecture.md)."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from config.settings.environment import env as _env

# Django's own queries are not prepared; the few of cutroom.prepared are, unless a pooler cannot have it.
_POOL = {
    "pool": {
        "min_size": 1,
        "max_size": _env.int("DATABASE_POOL_SIZE", default=8),
        "timeout": _env.float("DATABASE_POOL_WAIT_SECONDS", default=10.0),
    },
    "prepare_threshold": 5 if _env.bool("DATABASE_PREPARE", default=True) else None,
}


def _database(name: str, *, is_pooled: bool = True) -> dict[str, Any]:
    with warnings.catch_warnings(action="ignore"):
        # An address of another kind is refused below, in a sentence.
        config = _env.db_url(name)
    if not str(config.get("ENGINE", "")).endswith("postgresql"):
        sys.exit(f"{name} is not an address like postgresql://user:password@host:5432/database.")
    options = config.get("OPTIONS", {})
    # The directory of a Unix socket does not fit the host part of a URL; libpq takes it as ?host=.
    host = options.pop("host", config["HOST"])
    # A restore works in another database of the same server before it swaps.
    chosen = _env.str("DATABASE_NAME", default="") or config["NAME"]
    options |= _POOL if is_pooled else {}
    shape = {"NAME": chosen, "HOST": host, "OPTIONS": options, "CONN_MAX_AGE": 0}
    # Without the check, each pooled connection that a restart broke would cost somebody a request.
    return {**config, **shape, "CONN_HEALTH_CHECKS": is_pooled}


DATABASES = {
    "default": _database("DATABASE_URL"),
    "ops": _database("DATABASE_OPS_URL", is_pooled=False),
    "owner": _database("DATABASE_OWNER_URL", is_pooled=False),
}
DATABASE_ROUTERS = ["tenants.routers.RoleOfModel"]
_HAS_BACKUP_ROLE = bool(_env.str("DATABASE_BACKUP_URL", default=""))
GDPR_BACKUP_DATABASE = (
    _database("DATABASE_BACKUP_URL", is_pooled=False) if _HAS_BACKUP_ROLE else DATABASES["owner"]
)
TENANTS_BACKUP_ROLE = _env.str("DATABASE_BACKUP_ROLE", default="") or (
    GDPR_BACKUP_DATABASE["USER"] if _HAS_BACKUP_ROLE else ""
)
