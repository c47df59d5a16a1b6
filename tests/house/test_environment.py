"""Where a development installation gets its variables from."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from cutroom import environment, stack
from cutroom.embedded import postgres
from cutroom.refusal import StartRefused

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty environment and a checkout of its own."""
    monkeypatch.setattr(environment, "CHECKOUT", tmp_path)
    monkeypatch.setattr(os, "environ", {"CUTROOM_VAR": str(tmp_path / "var")})
    (tmp_path / ".env.example").write_text(
        "# Signs sessions\nSECRET_KEY=\nJWT_SECRET=\nSITE_URL=http://127.0.0.1:8000\nSENTRY_DSN=\nLOG_LEVEL='INFO'\n"
    )
    return tmp_path


def test_the_first_use_writes_fresh_secrets(checkout: Path) -> None:
    environment.load_development()
    written = environment.read_env_file(checkout / ".env")
    assert len({written["SECRET_KEY"], written["JWT_SECRET"]}) == 2
    assert all(len(written[name]) >= 50 for name in ("SECRET_KEY", "JWT_SECRET"))
    assert (checkout / ".env").stat().st_mode & 0o777 == 0o600
    assert os.environ["SECRET_KEY"] == written["SECRET_KEY"]


def test_an_existing_env_file_is_never_touched(checkout: Path) -> None:
    (checkout / ".env").write_text("SECRET_KEY=mine\nSITE_URL=https://cutroom.example\n")
    environment.load_development()
    assert (checkout / ".env").read_text() == "SECRET_KEY=mine\nSITE_URL=https://cutroom.example\n"
    assert os.environ["SITE_URL"] == "https://cutroom.example"


def test_the_shell_wins_over_the_file_and_an_empty_value_is_no_value(checkout: Path) -> None:
    os.environ.update(LOG_LEVEL="DEBUG", JWT_SECRET_FILE="/run/secrets/jwt")
    environment.load_development()
    assert os.environ["LOG_LEVEL"] == "DEBUG"
    assert "JWT_SECRET" not in os.environ
    assert "SENTRY_DSN" not in os.environ


def test_the_site_address_follows_the_port(checkout: Path) -> None:
    os.environ["PORT"] = "8017"
    environment.load_development()
    assert os.environ["SITE_URL"] == "http://127.0.0.1:8017"


def test_without_addresses_both_embedded_servers_are_wanted(checkout: Path) -> None:
    environment.load_development()
    assert environment.embedded_servers(checkout / "var") == ["postgres", "redis"]
    assert os.environ["DATABASE_URL"] == postgres.urls(checkout / "var")["app"]


def test_a_given_database_is_used_instead_of_ours_with_all_its_roles(checkout: Path) -> None:
    os.environ["DATABASE_URL"] = "postgresql://app@db.example/cutroom"
    environment.load_development()
    assert environment.embedded_servers(checkout / "var") == ["redis"]
    assert "DATABASE_OWNER_URL" not in os.environ


def test_two_test_runs_never_share_a_directory(checkout: Path) -> None:
    environment.load_test()
    first = os.environ["CUTROOM_VAR"]
    environment.load_test()
    assert os.environ["CUTROOM_VAR"] == first
    os.environ.clear()
    os.environ["CUTROOM_VAR"] = str(checkout / "var")
    environment.load_test()
    assert [Path(first).name, Path(os.environ["CUTROOM_VAR"]).name] == ["test", "test-2"]


def test_a_taken_port_is_refused_with_a_free_one_as_advice() -> None:
    with socket.socket() as other:
        other.bind((stack.HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StartRefused, match=rf"^Port {port} is taken .* PORT=\d+ make run$"):
            stack.refuse_taken_port(port)
