"""The command line in clients/python, on the client generated from openapi.json, against a real server."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from pytest_django.live_server_helper import LiveServer
from standardwebhooks import Webhook
from typer.testing import CliRunner, Result

from tests.tenants.receiver import receiver

CLIENT = Path(settings.BASE_DIR, "clients", "python")


@pytest.fixture(scope="module")
def main(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The module of the command line; the typed client is generated for it, as it is for a wheel."""
    directory = tmp_path_factory.mktemp("client")
    spec = importlib.util.spec_from_file_location("hatch_build", CLIENT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    build.generate_client(directory / "cutroom_client")
    added = [str(directory), str(CLIENT)]
    sys.path[:0] = added
    yield importlib.import_module("cutroom_cli.main")
    for path in added:
        sys.path.remove(path)


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.DEBUG = settings.ACCOUNTS_SHOW_MAGIC_LINK = True
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("CUTROOM_URL", "CUTROOM_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def signed_in(main: ModuleType, live_server: LiveServer) -> ModuleType:
    done = run(main, "login", "--url", live_server.url, "--email", "cli@example.org")
    assert done.exit_code == 0, done.output
    return main


def run(main: ModuleType, *arguments: str) -> Result:
    return CliRunner().invoke(main.app, list(arguments))


def test_a_script_becomes_a_render(signed_in: ModuleType, tmp_path: Path) -> None:
    script = tmp_path / "the-mill.md"
    script.write_text("One.\n\nTwo.\n", encoding="utf-8")
    started = run(signed_in, "render", str(script), "--resolution", "720p", "--json")
    assert started.exit_code == 0, started.output
    job = json.loads(started.stdout)
    assert job["state"] == "queued"
    shown = run(signed_in, "status", job["id"])
    assert shown.stdout.startswith(f"{job['id']} queued")


def test_what_the_plan_does_not_have_ends_with_3(signed_in: ModuleType, tmp_path: Path) -> None:
    script = tmp_path / "mill.txt"
    script.write_text("One.", encoding="utf-8")
    refused = run(signed_in, "render", str(script), "--resolution", "4k")
    assert refused.exit_code == 3
    assert "pro plan" in refused.stderr


def test_wrong_use_ends_with_2(signed_in: ModuleType, tmp_path: Path) -> None:
    script = tmp_path / "mill.txt"
    script.write_text("One.", encoding="utf-8")
    assert run(signed_in, "render", str(script), "--resolution", "5k").exit_code == 2
    assert run(signed_in, "render", str(tmp_path / "nowhere.md")).exit_code == 2


def test_usage_shows_every_meter(signed_in: ModuleType) -> None:
    shown = run(signed_in, "usage")
    assert shown.exit_code == 0
    assert "render_minutes" in shown.stdout


def test_without_a_sign_in_the_sentence_says_what_to_do(main: ModuleType) -> None:
    refused = run(main, "usage")
    assert refused.exit_code == 4
    assert "cutroom login" in refused.stderr


def test_a_server_that_is_not_there_is_a_sentence(main: ModuleType) -> None:
    refused = run(main, "login", "--url", "http://127.0.0.1:9", "--email", "cli@example.org")
    assert refused.exit_code == 4
    assert "cannot be reached" in refused.stderr


def test_the_token_is_for_its_owner_only(signed_in: ModuleType) -> None:
    kept = signed_in.account.path()
    assert kept.stat().st_mode & 0o077 == 0
    assert os.environ["XDG_CONFIG_HOME"] in str(kept)


def test_a_message_is_passed_on_with_a_signature_that_verifies(main: ModuleType) -> None:
    secret = main.listening.new_secret()
    message = {
        "id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "type": "render.succeeded",
        "timestamp": "2026-01-01T00:00:00Z",
        "data": {"render_id": "1"},
    }
    with receiver() as program:
        assert main.listening.forward(message, url=program.url, secret=secret) == 204
        headers, body = program.got[0]
        assert Webhook(secret).verify(body, headers)["data"] == {"render_id": "1"}
    assert main.listening.forward(message, url=program.url, secret=secret) == 0
