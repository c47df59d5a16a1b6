"""Database roles of the embedded cluster: each a real login with its own random password."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from urllib.parse import quote, urlencode

DATABASE = "cutroom"
ROLES = {
    "owner": "CREATEDB",
    "app": "",
    "ops": "",
    # Row-level security would silently thin out a backup.
    "backup": "BYPASSRLS",
}

SCHEMA_STATEMENTS = ("GRANT USAGE ON SCHEMA public TO app, ops, backup;",)

_AFTER_ROLES = (
    f"CREATE DATABASE {DATABASE} OWNER owner;",
    f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;",
    f"GRANT CONNECT ON DATABASE {DATABASE} TO app, ops, backup;",
    "GRANT pg_read_all_data TO backup;",
    # A request or a render step that holds a transaction this long is a fault, not work.
    "ALTER ROLE app SET statement_timeout = '30s';",
    "ALTER ROLE app SET idle_in_transaction_session_timeout = '20s';",
)


def read_passwords(path: Path) -> dict[str, str]:
    """Passwords by role, as written by `create_passwords`; empty when there are none yet."""
    if not path.exists():
        return {}
    passwords: dict[str, str] = json.loads(path.read_text())
    return passwords


def create_passwords(path: Path) -> None:
    """Write random passwords for all roles to `path`, readable by us alone, unless it exists."""
    if path.exists():
        return
    passwords = {role: secrets.token_urlsafe(24) for role in ROLES}
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(passwords, file)
    try:
        # A link, unlike a rename, never replaces the file of a process that was faster.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def creation_statements(passwords: dict[str, str]) -> list[str]:
    """SQL, one statement a line, that makes the roles and the database in an empty cluster."""
    create = [
        f"CREATE ROLE {role} LOGIN NOSUPERUSER {options} PASSWORD '{passwords[role]}';"
        for role, options in ROLES.items()
    ]
    return [*create, *_AFTER_ROLES]


def database_url(role: str, *, password: str, socket_directory: Path) -> str:
    """A libpq connection URI over the Unix socket; django-environ reads the same form."""
    query = urlencode({"host": str(socket_directory)}, quote_via=quote)
    return f"postgresql://{role}:{quote(password)}@/{DATABASE}?{query}"
