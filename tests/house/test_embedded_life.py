"""Embedded servers start, attach, stop, and end with whoever started them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from cutroom import embedded
from cutroom.embedded import postgres, redis
from cutroom.embedded.processes import hold_lifeline

Start = Callable[[Path], embedded.Services]
OtherProcess = Callable[[Path], subprocess.Popen[str]]


def note(services: embedded.Services, text: str) -> None:
    with psycopg.connect(services.environment["DATABASE_OWNER_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS notes (text text)")
        connection.execute("INSERT INTO notes VALUES (%s)", [text])


def notes(services: embedded.Services) -> list[str]:
    with psycopg.connect(services.environment["DATABASE_OWNER_URL"]) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM notes")]


def test_data_survives_a_stop_and_a_second_start(start: Start, tmp_path: Path) -> None:
    first = start(tmp_path)
    note(first, "kept")
    first.stop()
    second = start(tmp_path)
    assert second.environment == first.environment
    assert notes(second) == ["kept"]


def test_a_second_start_attaches_and_its_stop_leaves_the_servers_alone(start: Start, tmp_path: Path) -> None:
    start(tmp_path)
    second = start(tmp_path)
    assert (second.postgres, second.redis) == (None, None)
    second.stop()
    note(second, "still here")
    assert redis.answers(redis.place(tmp_path).socket)


def test_two_installations_run_side_by_side(start: Start, tmp_path: Path) -> None:
    one, other = start(tmp_path / "one"), start(tmp_path / "other")
    note(one, "one")
    note(other, "other")
    assert (notes(one), notes(other)) == (["one"], ["other"])


@pytest.mark.parametrize("name", ['with a space, a comma and a "quote"', "long/" + "x" * 120])
def test_any_path_will_do(start: Start, tmp_path: Path, name: str) -> None:
    services = start(tmp_path / name)
    note(services, "here")
    assert redis.answers(redis.place(tmp_path / name).socket)
    socket_directory = postgres.place(tmp_path / name).socket_directory
    assert socket_directory.stat().st_mode & 0o777 == 0o700


def test_a_private_parent_directory_stays_private(start: Start, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    note(start(private / "var"), "here")
    assert private.stat().st_mode & 0o777 == 0o700
    assert postgres.place(private / "var").data.stat().st_mode & 0o777 == 0o700


def test_servers_end_with_a_parent_killed_by_force(
    start: Start, other_process: OtherProcess, await_no_server: Callable[[Path], None], tmp_path: Path
) -> None:
    parent = other_process(tmp_path)
    attached = start(tmp_path)
    note(attached, "written before the kill")
    parent.kill()
    await_no_server(tmp_path)
    assert notes(start(tmp_path)) == ["written before the kill"]


def test_servers_killed_by_force_start_again(start: Start, tmp_path: Path) -> None:
    services = start(tmp_path)
    note(services, "committed")
    assert services.postgres
    assert services.redis
    services.redis.kill_group()
    services.postgres.kill_group()
    assert notes(start(tmp_path)) == ["committed"]


def test_a_stale_process_id_of_a_living_stranger_does_not_keep_postgres_down(
    start: Start, tmp_path: Path
) -> None:
    start(tmp_path).stop()
    stale = postgres.place(tmp_path).data / "postmaster.pid"
    stale.write_text(f"{os.getppid()}\n{stale.parent}\n")
    note(start(tmp_path), "up again")


def test_a_half_made_cluster_is_made_anew(start: Start, tmp_path: Path) -> None:
    embedded.prepare(tmp_path)
    draft = postgres.place(tmp_path).root / "data.part"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    note(start(tmp_path), "complete")
    assert not draft.exists()


def test_a_server_that_cannot_start_says_why(start: Start, tmp_path: Path) -> None:
    start(tmp_path).stop()
    (postgres.place(tmp_path).data / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(embedded.EmbeddedError, match="pg_control"):
        start(tmp_path)


def test_passwords_of_another_cluster_are_named_as_the_trouble(start: Start, tmp_path: Path) -> None:
    start(tmp_path).stop()
    (postgres.place(tmp_path).root / "passwords.json").unlink()
    with pytest.raises(embedded.EmbeddedError, match="does not fit the cluster"):
        start(tmp_path)


def test_the_lifeline_signals_only_when_its_owner_dies() -> None:
    spared, doomed = (subprocess.Popen(["sleep", "600"]) for _ in range(2))
    hold_lifeline(spared.pid, signal.SIGTERM).release()
    lifeline = hold_lifeline(doomed.pid, signal.SIGTERM)
    assert lifeline.helper.stdin
    lifeline.helper.stdin.close()
    assert doomed.wait() == -signal.SIGTERM
    lifeline.helper.wait()
    assert spared.poll() is None
    spared.kill()
    spared.wait()
