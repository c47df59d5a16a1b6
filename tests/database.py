"""The test database: built by migrations once, copied for each test process, emptied after committed tests.

The template is kept between runs under a name that is a hash of what it was built from. Tests run as the app
role, a true login, so row security holds in every one of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import django
import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections, transaction
from psycopg import sql

ALIASES = ["default", "ops", "owner"]
TEMPLATE_PREFIX = "cutroom_template_"
ROOT = Path(settings.BASE_DIR)

# What besides the migrations decides how a fresh database looks: models give it policies and permissions.
SHAPING_FILES = (
    "*/models.py",
    "*/models/*.py",
    "*/apps.py",
    "config/settings/databases.py",
    "tenants/conf.py",
    "tenants/receivers.py",
    "tenants/row_security.py",
)

WEAK_ROLE = """
SELECT current_user, session_user, rolsuper, rolbypassrls,
       (SELECT count(*) FROM pg_class WHERE relowner = role.oid)
FROM pg_roles role WHERE rolname = current_user
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
TRIGGERED = """
SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal
"""

_tables: list[str] = []


def create(name: str) -> None:
    """Make database `name` as a copy of the template and point every alias at it."""
    close_connections()
    with maintenance() as server:
        # One process builds; the others wait here and find it built.
        server.execute("SELECT pg_advisory_lock(hashtext('cutroom test template'))")
        template = TEMPLATE_PREFIX + fingerprint()
        if not _exists(server, template):
            _drop_templates(server)
            _build(server, template)
        _run(server, "DROP DATABASE IF EXISTS {}", name)
        _run(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
        _narrow(server, name)
    _point_at(name)
    _assert_weak(name)
    _note_tables()


def destroy(name: str) -> None:
    """Drop database `name`; connections of every alias are closed first, pools too.

    Without FORCE: the owner may not end the app's connections, and PostgreSQL waits 5 s for those that go.
    """
    close_connections()
    with maintenance() as server:
        _run(server, "DROP DATABASE IF EXISTS {}", name)


def empty() -> None:
    """Delete what a committed test left in any table that was empty in the template.

    A TRUNCATE of every table takes half a second, deleting from the few that have rows a few milliseconds.
    """
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '20s'")
        filled = _filled(cursor, _tables)
        cursor.execute(TRIGGERED)
        fenced = [name for (name,) in cursor.fetchall() if name in filled]
        # Append-only triggers refuse a DELETE. All go off before the first one: later, events are pending.
        _each(cursor, "ALTER TABLE {} DISABLE TRIGGER USER", fenced)
        _each(cursor, "DELETE FROM {}", filled)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        _each(cursor, "ALTER TABLE {} ENABLE TRIGGER USER", fenced)


def close_connections() -> None:
    """Close this thread's connections and the pools of all threads."""
    connections.close_all()
    for alias in ALIASES:
        connection: Any = connections[alias]
        connection.close_pool()


def fingerprint() -> str:
    """A hash of every migration and of what else shapes a fresh database."""
    digest = hashlib.sha256(django.__version__.encode())
    for config in apps.get_app_configs():
        for path in sorted(Path(config.path, "migrations").glob("*.py")):
            digest.update(path.read_bytes())
    patterns = (*SHAPING_FILES, "billing/djstripe_migrations/*.py")
    for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def maintenance() -> Iterator[psycopg.Connection]:
    """A connection of the owner to a database that is neither template nor test."""
    config = connections["owner"].settings_dict
    names = {"dbname": _HOME["owner"], "user": config["USER"], "password": config["PASSWORD"]}
    with psycopg.connect(
        **names, host=config["HOST"], port=config["PORT"] or None, autocommit=True
    ) as server:
        yield server


_HOME = {alias: str(connections[alias].settings_dict["NAME"]) for alias in ALIASES}


def _build(server: psycopg.Connection, template: str) -> None:
    draft = f"{template}_draft"
    _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", draft)
    _run(server, "CREATE DATABASE {}", draft)
    _point_at(draft)
    call_command("migrate", verbosity=0, interactive=False)
    close_connections()
    # Only a finished template ever has the name that others look for.
    _run(server, "ALTER DATABASE {} RENAME TO {}", draft, template)


def _narrow(server: psycopg.Connection, name: str) -> None:
    """Rights as in production: by itself PostgreSQL lets everybody connect and make temporary tables."""
    _run(server, "REVOKE ALL ON DATABASE {} FROM PUBLIC", name)
    roles = [settings.DATABASES[alias]["USER"] for alias in ("default", "ops")]
    for role in filter(None, [*roles, settings.TENANTS_BACKUP_ROLE]):
        _run(server, "GRANT CONNECT ON DATABASE {} TO {}", name, role)


def _point_at(name: str) -> None:
    for alias in ALIASES:
        connections[alias].settings_dict["NAME"] = name


def _exists(server: psycopg.Connection, name: str) -> bool:
    return server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _drop_templates(server: psycopg.Connection) -> None:
    old = server.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{TEMPLATE_PREFIX}%"])
    for (name,) in old.fetchall():
        _run(server, "DROP DATABASE {} WITH (FORCE)", name)


def _assert_weak(name: str) -> None:
    assert name.startswith("test_")
    assert {connections[alias].settings_dict["NAME"] for alias in ALIASES} == {name}
    with connections["default"].cursor() as cursor:
        cursor.execute(WEAK_ROLE)
        app = settings.DATABASES["default"]["USER"]
        assert cursor.fetchone() == (app, app, False, False, 0), "tests must run as the weak app role"
    close_connections()


def _note_tables() -> None:
    """Tables with rows in the template hold reference rows, such as permissions; they are never emptied."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(TABLES)
        names = [name for (name,) in cursor.fetchall()]
        reference = _filled(cursor, names)
    _tables[:] = [name for name in names if name not in reference]
    close_connections()


def _filled(cursor: Any, names: list[str]) -> list[str]:
    each = [
        sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})").format(sql.Literal(name), sql.Identifier(name))
        for name in names
    ]
    cursor.execute(sql.SQL(" UNION ALL ").join(each))
    return [name for (name,) in cursor.fetchall()]


def _each(cursor: Any, statement: LiteralString, names: list[str]) -> None:
    for name in names:
        cursor.execute(sql.SQL(statement).format(sql.Identifier(name)))


def _run(server: psycopg.Connection, statement: LiteralString, *names: str) -> None:
    server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
