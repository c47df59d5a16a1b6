"""When `make run` may skip the migrations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cutroom import embedded, schema_stamp
from cutroom.embedded import postgres


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    services = embedded.start(tmp_path / "var", only=["postgres"])
    yield tmp_path / "var"
    services.stop()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "tenants").mkdir()
    (tmp_path / "tenants" / "models.py").write_text("fields = 1")
    (tmp_path / "requirements.txt").write_text("django==5.2.19")
    return tmp_path


def execute(var: Path, *statements: str) -> None:
    with psycopg.connect(postgres.urls(var)["owner"]) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_migrations_are_skipped_only_while_nothing_has_changed(var: Path, checkout: Path) -> None:
    assert not schema_stamp.is_current(var, checkout=checkout)
    execute(var, "CREATE TABLE django_migrations (id integer)", "INSERT INTO django_migrations VALUES (1)")
    schema_stamp.note(var, checkout=checkout)
    assert schema_stamp.is_current(var, checkout=checkout)

    execute(var, "DELETE FROM django_migrations")
    assert not schema_stamp.is_current(var, checkout=checkout)

    schema_stamp.note(var, checkout=checkout)
    (checkout / "tenants" / "models.py").write_text("fields = 2")
    assert not schema_stamp.is_current(var, checkout=checkout)


def test_a_database_without_any_migration_is_not_current(var: Path, checkout: Path) -> None:
    schema_stamp.note(var, checkout=checkout)
    execute(var, "CREATE TABLE django_migrations (id integer)")
    assert not schema_stamp.is_current(var, checkout=checkout)
