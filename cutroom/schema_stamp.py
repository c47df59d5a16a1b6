"""Whether the embedded database already has the schema of this code, told without starting Django."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import psycopg

from cutroom.embedded import postgres

_PACKAGES = ("accounts", "billing", "config", "gdpr", "metering", "rendering", "tenants")


def is_current(var: Path, *, checkout: Path) -> bool:
    """Whether code, packages and the list of applied migrations are as they were at the last `note`."""
    stamp = _stamp(var)
    return stamp.exists() and stamp.read_text() == _state(var, checkout=checkout)


def note(var: Path, *, checkout: Path) -> None:
    """Remember that all migrations have been applied."""
    _stamp(var).write_text(_state(var, checkout=checkout))


def _stamp(var: Path) -> Path:
    # Beside the cluster, so that it goes when the cluster goes.
    return postgres.place(var).root / "migrated"


def _state(var: Path, *, checkout: Path) -> str:
    digest = hashlib.sha256()
    for path in _sources(checkout):
        digest.update(str(path).encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{digest.hexdigest()} {_applied(var)}"


def _sources(checkout: Path) -> Iterator[Path]:
    """Everything that may change what `migrate` does; models too, for row security is derived from them."""
    yield checkout / "requirements.txt"
    for package in _PACKAGES:
        yield from sorted((checkout / package).rglob("*.py"))


def _applied(var: Path) -> str:
    with psycopg.connect(postgres.urls(var)["owner"]) as connection:
        try:
            return str(connection.execute("SELECT count(*), max(id) FROM django_migrations").fetchone())
        except psycopg.errors.UndefinedTable:
            return "none"
