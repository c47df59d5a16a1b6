"""Sends the ORM to the owner's connection while migrations run, so that data migrations see every row."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

migrating: ContextVar[bool] = ContextVar("migrating", default=False)


class OwnerWhileMigrating:
    """`Model.objects.create()` inside a RunPython would otherwise go through `default`, the app role."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """The owner's alias while migrating, else no opinion."""
        return "owner" if migrating.get() else None

    db_for_write = db_for_read

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        """All aliases are roles of one database."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Only the owner changes the schema."""
        return db == "owner"
