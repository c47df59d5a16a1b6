"""What the tenants app does when Django announces something."""

from __future__ import annotations

from typing import Any

from django.db import connections

from tenants import row_security
from tenants.routers import migrating


def apply_row_security(*, using: str, plan: Any = None, **_: Any) -> None:
    """After every migrate: policies, keys, triggers and grants, by the role that owns the tables."""
    if using == "owner" and migrating.get():
        row_security.apply(connections[using])
