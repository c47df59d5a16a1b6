"""The roles of an embedded cluster are real logins with no more than they need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cutroom import embedded
from cutroom.embedded import postgres
from cutroom.embedded.roles import ROLES


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("roles")
    services = embedded.start(directory)
    yield directory
    services.stop()


def privileges(var: Path, role: str) -> dict[str, bool]:
    with psycopg.connect(postgres.urls(var)["owner"]) as connection:
        cursor = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = %s",
            [role],
        )
        names = [column.name for column in cursor.description or ()]
        return dict(zip(names, cursor.fetchone() or (), strict=True))


@pytest.mark.parametrize("role", ROLES)
def test_each_role_logs_in_as_itself(var: Path, role: str) -> None:
    with psycopg.connect(postgres.urls(var)[role]) as connection:
        assert connection.execute("SELECT session_user, current_database()").fetchone() == (role, "cutroom")


@pytest.mark.parametrize("role", ROLES)
def test_no_role_is_let_in_without_its_password(var: Path, role: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres.urls(var)[role], password="guessed")


@pytest.mark.parametrize(
    ("role", "extra"),
    [("owner", {"rolcreatedb"}), ("app", set()), ("ops", set()), ("backup", {"rolbypassrls"})],
)
def test_a_role_has_only_its_privileges(var: Path, role: str, extra: set[str]) -> None:
    assert {name for name, is_granted in privileges(var, role).items() if is_granted} == extra


def test_app_cannot_become_another_role_or_make_a_table(var: Path) -> None:
    for statement in ("SET ROLE owner", "SET ROLE ops", "CREATE TABLE mine ()"):
        with psycopg.connect(postgres.urls(var)["app"]) as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_t29_backup_reads_what_row_security_hides_from_app(var: Path) -> None:
    with psycopg.connect(postgres.urls(var)["owner"]) as connection:
        connection.execute("CREATE TABLE secrets AS SELECT 1 AS id")
        connection.execute("ALTER TABLE secrets ENABLE ROW LEVEL SECURITY")
        connection.execute("GRANT SELECT ON secrets TO app")
    counts = {}
    for role in ("app", "backup"):
        with psycopg.connect(postgres.urls(var)[role]) as connection:
            counts[role] = connection.execute("SELECT count(*) FROM secrets").fetchone()
    assert counts == {"app": (0,), "backup": (1,)}


def test_t21_a_forgotten_transaction_of_app_is_ended_by_the_server(var: Path) -> None:
    with psycopg.connect(postgres.urls(var)["app"]) as connection:
        limits = [
            connection.execute(f"SHOW {name}").fetchone()
            for name in ("statement_timeout", "idle_in_transaction_session_timeout")
        ]
    assert limits == [("30s",), ("20s",)]


def test_only_we_can_read_the_passwords(var: Path) -> None:
    assert (postgres.place(var).root / "passwords.json").stat().st_mode & 0o777 == 0o600
