"""What the rendering app does when accounts announces something."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rendering.starter import starter_project


def give_starter_project(*, tenant_id: UUID, **_: Any) -> None:
    """A new tenant finds a project it can render at once."""
    starter_project(tenant_id=tenant_id)
