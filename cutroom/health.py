"""What a web process needs in order to serve, and whether each part answers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import connection


def check_all(only: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """One row a dependency: {"ok": bool} and, when it is not, the kind of error (never its text).

    Of all dependencies, or of those named in `only`.
    """
    probes: dict[str, Callable[[], Any]] = {"database": _database, "redis": _redis, "storage": _storage}
    return {name: _probe(probe) for name, probe in probes.items() if not only or name in only}


def _probe(probe: Callable[[], Any]) -> dict[str, Any]:
    try:
        probe()
    except Exception as error:  # whatever a dependency throws, it is not ready
        return {"ok": False, "error": type(error).__name__}
    return {"ok": True}


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _redis() -> None:
    cache.get("readyz")


def _storage() -> None:
    default_storage.exists("readyz")
