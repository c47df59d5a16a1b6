"""Which role the ORM works as: the owner while migrations run, ops for operators' tables, else the app."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

migrating: ContextVar[bool] = ContextVar("migrating", default=False)


class RoleOfModel:
    """`Model.objects.create()` inside a RunPython would otherwise go through `default`, the app role."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """The owner's alias while migrating, that of ops for a model `is_for_operators`, else no opinion."""
        if migrating.get():
            return "owner"
        return "ops" if getattr(model, "is_for_operators", False) else None

    db_for_write = db_for_read

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        """All aliases are roles of one database."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Only the owner changes the schema."""
        return db == "owner"
