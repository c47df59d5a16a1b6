"""Migrations only add, so that the old release runs on the new schema while the new one starts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

ROOT = Path(__file__).resolve().parents[2]
APPS = ("tenants", "accounts", "metering", "billing", "rendering", "gdpr")
# The last migration of each app that the first release had: until then there is no old code to suit.
FIRST_RELEASE: dict[str, int] = {}

_REMOVES = (migrations.RemoveField, migrations.DeleteModel, migrations.RenameField, migrations.RenameModel)
_MOVES = (migrations.AlterModelTable, migrations.AlterUniqueTogether, migrations.AlterOrderWithRespectTo)


def problems(operation: Operation) -> Iterator[str]:
    """Why the code of the release before would fail after `operation`."""
    if isinstance(operation, _REMOVES):
        yield f"{type(operation).__name__} takes away what old code reads: do it one release later"
    elif isinstance(operation, _MOVES):
        yield f"{type(operation).__name__} changes what old code finds"
    elif isinstance(operation, migrations.AddField) and not _is_fillable(operation.field):
        yield f"{operation.name} has no value in the rows that old code inserts: null=True, or db_default"
    elif isinstance(operation, migrations.AlterField) and not _is_fillable(operation.field):
        yield f"{operation.name} may have become narrower: add a column, or list why it has not"


def _is_fillable(field: models.Field[Any, Any]) -> bool:
    # A many-to-many field is a table of its own.
    return bool(field.null or field.has_db_default() or field.many_to_many or field.primary_key)


def later_than(first: dict[str, int]) -> list[tuple[str, Operation]]:
    """Operations of every migration after the given ones, which old code has to bear."""
    found = MigrationLoader(None).disk_migrations or {}
    return [
        (f"{app}.{name}", operation)
        for app, name in sorted(found)
        if app in first and int(name[:4]) > first[app]
        for operation in found[app, name].operations
    ]


def test_migrations_only_add() -> None:
    late = later_than(FIRST_RELEASE)
    found = [f"{name}: {problem}" for name, operation in late for problem in problems(operation)]
    assert found == []


def test_from_the_first_release_on_each_app_has_its_number() -> None:
    released = re.findall(r"^## v?\d", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert set(FIRST_RELEASE) == (set(APPS) if released else set())


def test_migrations_of_this_product_are_read() -> None:
    operations = [operation for _, operation in later_than(dict.fromkeys(APPS, 0))]
    assert len(operations) > 100
    assert any(list(problems(operation)) for operation in operations)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("project", "title"),
        migrations.RenameField("project", "title", "name"),
        migrations.DeleteModel("Project"),
        migrations.AddField("project", "mood", models.CharField(max_length=8)),
        migrations.AddField("project", "mood", models.CharField(max_length=8, default="calm")),
        migrations.AlterField("project", "title", models.CharField(max_length=8)),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_old_code_cannot_bear_is_named(operation: Operation) -> None:
    assert list(problems(operation))


@pytest.mark.parametrize(
    "operation",
    [
        migrations.CreateModel("Mood", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddField("project", "mood", models.CharField(max_length=8, null=True)),
        migrations.AddField("project", "mood", models.CharField(max_length=8, db_default="calm")),
        migrations.AddIndex("project", models.Index(fields=["title"], name="by_title")),
        migrations.RunSQL("SELECT 1", migrations.RunSQL.noop),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_only_adds_is_welcome(operation: Operation) -> None:
    assert list(problems(operation)) == []
