"""The roles of the image in a clean environment, by production settings, until each is told to stop."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from cutroom import queues
from cutroom.stack import free_port
from tests.deployment import installation
from tests.deployment.installation import Installation, MailCatcher
from tests.deployment.production import ROOT
from tests.deployment.test_manifests import new_env

PATIENCE_SECONDS = 180.0
HEADERS = {"Host": "cutroom.example.com", "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with what requirements.txt names, and nothing else."""
    python = installation.new_environment(tmp_path_factory.mktemp("packages") / "venv")
    installation.install(python, "-r", "requirements.txt")
    return python


@pytest.fixture
def mails() -> Iterator[MailCatcher]:
    """A mail server."""
    catcher = MailCatcher()
    yield catcher
    catcher.shutdown()
    catcher.server_close()


@pytest.fixture
def image(
    python: Path, tmp_path: Path, s3_server: str, mails: MailCatcher, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """The installation that docs/deployment.md describes, before its first release step."""
    app, var = tmp_path / "app", tmp_path / "var"
    installation.copy_image(app)
    pairs = (line.split("=", 1) for line in new_env().split("\n") if re.match(r"[A-Z_0-9]+=", line))
    fresh = dict(pairs) | {"S3_ENDPOINT_URL": s3_server, "EMAIL_URL": mails.address, "S3_BUCKET": "image"}
    installation.make_bucket(s3_server, fresh)
    with installation.servers(var, fresh, monkeypatch) as addresses:
        settings = {"DJANGO_SETTINGS_MODULE": "config.settings.base", "PYTHONDONTWRITEBYTECODE": "1"}
        settings |= {"CUTROOM_VAR": str(tmp_path / "home"), "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "m")}
        made = Installation(app, python, {**fresh, **addresses, **settings})
        assert made.run("manage", "collectstatic", "--noinput").returncode == 0
        yield made
        made.stop()


@pytest.mark.slow
def test_all_roles_of_the_image(image: Installation, mails: MailCatcher) -> None:
    files = set(image.app.rglob("*"))
    released = image.run("migrate")
    assert released.returncode == 0, released.stderr

    port, probe = free_port(), free_port()
    web = image.start("web", PORT=str(port))
    others = ",".join(sorted(set(queues.ALL) - {queues.MAIL}))
    mail_worker = image.start("worker", queues.MAIL, "--concurrency=1", WORKER_PORT=str(probe))
    worker = image.start("worker", others, "--concurrency=2", "--hostname=second@%h")
    beat = image.start("beat")
    url = f"http://127.0.0.1:{port}"

    wait(lambda: is_well(f"{url}/readyz") and is_well(f"http://127.0.0.1:{probe}/livez"), image)
    assert is_healthy(image, "web", PORT=str(port))
    assert is_healthy(image, "worker", WORKER_PORT=str(probe))
    assert not is_healthy(image, "web", PORT=str(free_port()))
    wait(lambda: is_green(image), image)

    asked = httpx.post(f"{url}/api/auth/magic-link/request", json={"email": "a@example.com"}, headers=HEADERS)
    assert asked.json() == {"success": True}
    wait(lambda: any("https://cutroom.example.com/login" in mail for mail in mails.mails), image)
    style = re.search(r'href="(/static/css/[^"]+)"', httpx.get(f"{url}/login", headers=HEADERS).text)
    assert style
    assert httpx.get(f"{url}{style[1]}", headers=HEADERS).status_code == 200

    for process in (beat, mail_worker, worker, web):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_SECONDS) in (0, -signal.SIGTERM), image.logs()
    # The root file system of the image is read-only.
    assert set(image.app.rglob("*")) == files


def test_an_unknown_role_is_named(tmp_path: Path) -> None:
    nowhere = Installation(ROOT, Path(sys.executable), {"CUTROOM_VAR": str(tmp_path)})
    refused = nowhere.run("wroker")
    assert refused.returncode == 2
    assert "no role is called wroker" in refused.stderr


def wait(condition: Callable[[], bool], image: Installation) -> None:
    """Until it holds; the limit only keeps a broken run from hanging."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, image.logs()
        assert all(process.poll() is None for process in image.running), image.logs()
        time.sleep(0.2)


def is_well(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def is_green(image: Installation) -> bool:
    parts = [f"--only={name}" for name in ("roles", "policies", "storage", "workers", "redis")]
    report = image.run("manage", "doctor", "--json", *parts)
    return bool(json.loads(report.stdout)["healthy"])


def is_healthy(image: Installation, role: str, **extra: str) -> bool:
    command = [str(image.python), "deploy/healthy", role]
    done = subprocess.run(command, cwd=image.app, env=image.environment(**extra), check=False)
    return done.returncode == 0
