"""Our squash of dj-stripe's migrations: the same schema as theirs, and none of theirs forgotten."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import djstripe.migrations
import psycopg
import pytest
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from cutroom.embedded import cluster

CHECKOUT = Path(__file__).parents[2]
# dj-stripe and what it needs. Everything else, and what follows a whole migration, is the same on both sides.
MIGRATE = """
import django
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

django.setup()
executor = MigrationExecutor(connections["owner"])
executor.migrate(executor.loader.graph.leaf_nodes("djstripe"))
"""


@pytest.fixture
def two_databases() -> Iterator[tuple[str, str]]:
    """URLs of two empty databases, as the owner; dropped afterwards."""
    owner = os.environ["DATABASE_OWNER_URL"]
    names = [f"test_schema_{side}_{os.getpid()}" for side in ("ours", "theirs")]
    with psycopg.connect(owner, autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield tuple(urlsplit(owner)._replace(path=f"/{name}").geturl() for name in names)  # type: ignore[misc]
        for name in names:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def migrate(url: str, *, settings: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "DATABASE_OWNER_URL": url, "DJANGO_SETTINGS_MODULE": settings}
    return subprocess.Popen([sys.executable, "-c", MIGRATE], cwd=CHECKOUT, env=environment)


def schema(url: str) -> set[str]:
    """The statements that would build this database again."""
    command = [str(cluster.programs() / "pg_dump"), "-s", "-O", "-x", "--restrict-key=x", url]
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {statement.strip() for statement in dump.split(";\n")}


@pytest.mark.slow
def test_our_squash_builds_the_schema_of_upstream(two_databases: tuple[str, str]) -> None:
    ours, theirs = two_databases
    running = [
        migrate(ours, settings="config.settings.test"),
        migrate(theirs, settings="tests.billing.upstream_settings"),
    ]
    assert [process.wait() for process in running] == [0, 0]
    assert schema(ours) == schema(theirs)
    assert len(schema(ours)) > 500


def test_every_upstream_migration_is_found() -> None:
    upstream = {path.stem for path in Path(djstripe.migrations.__path__[0]).glob("[0-9]*.py")}
    loader = MigrationLoader(None)
    found = {name for app, name in loader.disk_migrations if app == "djstripe"}
    assert upstream < found
