"""A foreign project takes the apps from the built wheel; its meter, feature and data are treated as ours."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from cutroom.stack import free_port
from tests.deployment import installation
from tests.deployment.production import ROOT

PROJECT = ROOT / "tests" / "host_project"
TEMPLATES = ROOT / "templates"
PATIENCE_SECONDS = 180.0

# Words of Cutroom's own product, which another one must not show.
OURS = re.compile(r"\b(?:videos?|renders?|rendered)\b", re.IGNORECASE)
# What a template shows only where there are Cutroom's own pages.
OUR_PAGES = re.compile(
    r"{% if (?:create_url|library_url|line.render_id) %}.*?{% (?:endif|else) %}", re.DOTALL
)
NOWHERE = "/account/webhooks/00000000-0000-4000-8000-000000000000"
PAGES = (
    "/usage",
    "/billing",
    "/account",
    "/account/security",
    "/account/webhooks",
    "/account/audit",
    "/team",
    "/privacy",
    "/privacy/requests",
    NOWHERE,
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    source = tmp_path_factory.mktemp("source")
    installation.copy_image(source)
    uv = Path(sys.executable).parent / "uv"
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run([uv, "build", "-q", "--wheel", "-o", target, source], check=True, capture_output=True)
    return next(target.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the wheel, and without what renders."""
    python = installation.new_environment(tmp_path_factory.mktemp("host") / "venv")
    installation.install(python, wheel, "-c", "requirements.txt")
    return python


@dataclass
class Host:
    """The foreign project, running."""

    directory: Path
    python: Path
    variables: dict[str, str]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.variables["SITE_URL"]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.python), *arguments]
        return subprocess.run(
            command, cwd=self.directory, env=self.variables, capture_output=True, text=True, check=False
        )

    def start(self, *arguments: str) -> None:
        with (self.directory / "log").open("ab") as log:
            command = [str(self.python), "-m", *arguments]
            process = subprocess.Popen(
                command, cwd=self.directory, env=self.variables, stdout=log, stderr=log
            )
        self.running.append(process)

    def stop(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()

    def log(self) -> str:
        return (self.directory / "log").read_text()[-6000:]


@pytest.fixture
def host(python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """Migrated, with web and worker."""
    directory, var = tmp_path / "project", tmp_path / "var"
    shutil.copytree(PROJECT, directory, ignore=shutil.ignore_patterns("__pycache__"))
    passwords = {f"{role}_PASSWORD": f"of-{role}" for role in ("OWNER", "APP", "OPS", "BACKUP")}
    addresses = {
        "DATABASE_URL": "postgresql://app:of-APP@db/cutroom",
        "DATABASE_OPS_URL": "postgresql://ops:of-OPS@db/cutroom",
        "DATABASE_OWNER_URL": "postgresql://owner:of-OWNER@db/cutroom",
        "REDIS_URL": "redis://redis",
    }
    with installation.servers(var, {**passwords, **addresses}, monkeypatch) as local:
        variables = {
            "PATH": os.environ["PATH"],
            "DEBUG": "true",
            "SECRET_KEY": "Yq8f3ZrT0mVb7KxPw5LsDn2HcGj9Ae4UvXo6Ni1QtE5Rk3Bz8Mf",
            "JWT_SECRET": "Wd5hSx2Ce7Ug9Lp4Ja1Vn6Fk8Tb3Rm0Qy",
            "SITE_URL": f"http://127.0.0.1:{free_port()}",
            "CUTROOM_VAR": str(tmp_path / "home"),
            **local,
        }
        made = Host(directory, python, variables)
        released = made.run("manage.py", "migrate")
        assert released.returncode == 0, released.stderr
        yield made
        made.stop()


def test_no_text_of_the_reusable_apps_speaks_of_videos() -> None:
    """Mails included. What leads to Cutroom's own pages is shown only where these exist."""
    apps = ("accounts", "billing", "emails", "gdpr", "metering", "tenants")
    found = {}
    for path in [
        TEMPLATES / "error.html",
        *(page for app in apps for page in (TEMPLATES / app).rglob("*.*")),
    ]:
        if "console" in path.parts:
            continue
        if words := OURS.findall(OUR_PAGES.sub("", path.read_text())):
            found[str(path.relative_to(TEMPLATES))] = words
    assert found == {}


@pytest.mark.slow
def test_a_foreign_product_gets_everything_but_the_videos(host: Host) -> None:
    assert host.run("-c", "import cv2").returncode != 0
    for check in (["check", "--fail-level=WARNING"], ["makemigrations", "--check", "--dry-run"]):
        checked = host.run("manage.py", *check)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    host.start("uvicorn", "host.asgi:application", "--lifespan=off", f"--port={urlsplit(host.url).port}")
    host.start("celery", "-A", "host", "worker", "--concurrency=1", "--without-gossip", "--without-mingle")
    with httpx.Client(base_url=host.url, timeout=30) as client:
        wait(lambda: answers(client), host)
        sign_in(client)
        the_quota_ends(client)
        pay(client)
        assert post(client, "/api/letters", text="Dear Bob", has_letterhead=True).status_code == 201
        export(client, host)
        erase(client, host)


def sign_in(client: httpx.Client) -> None:
    door = client.get("/login").text
    assert "Write a letter, get an answer." in door
    assert not OURS.findall(door)
    asked = post(client, "/api/auth/magic-link/request", email="ada@letters.example").json()
    token = parse_qs(urlsplit(asked["magic_link"]).query)["token"][0]
    session = post(client, "/api/auth/magic-link/verify", token=token).json()
    client.headers["Authorization"] = f"Bearer {session['access_token']}"
    assert client.get("/api/auth/me").json()["role"] == "admin"
    seen = {page: client.get(page) for page in PAGES}
    wanted = {page: 404 if page == NOWHERE else 200 for page in PAGES}
    assert {page: answer.status_code for page, answer in seen.items()} == wanted
    assert {page: words for page, answer in seen.items() if (words := OURS.findall(answer.text))} == {}
    post(client, "/api/account/rotate-api-key")
    assert {"letters:read", "letters:write"} <= set(
        client.get("/api/account/api-keys").json()["results"][0]["scopes"]
    )


def the_quota_ends(client: httpx.Client) -> None:
    for number in range(3):
        assert post(client, "/api/letters", text=f"Letter {number}").status_code == 201
    refused = post(client, "/api/letters", text="one too many")
    assert refused.status_code == 402, refused.text
    assert (refused.json()["code"], refused.json()["meter"]) == ("quota-exceeded", "letters_count")
    assert refused.headers["content-type"] == "application/problem+json"
    # Nothing of a refused letter stays, not even its count.
    assert len(client.get("/api/letters").json()["letters"]) == 3
    [meter] = client.get("/api/v1/usage").json()["meters"]
    assert (meter["meter"], meter["used"], meter["held"], meter["limit"]) == ("letters_count", 3, 0, 3)
    feature = post(client, "/api/letters", text="x", has_letterhead=True)
    assert (feature.status_code, feature.json()["code"]) == (402, "plan-required")


def pay(client: httpx.Client) -> None:
    assert client.get("/api/billing/subscription").json()["plan"] == "free"
    bought = post(client, "/api/billing/checkout", plan="pro").json()
    page = client.get(bought["checkout_url"])
    form = {"card": "4242", "deed": "pay", "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    assert page.status_code == 200
    paid = client.post(
        bought["checkout_url"], data=form, headers={"Origin": str(client.base_url).rstrip("/")}
    )
    assert paid.status_code in (302, 303), paid.text
    assert client.get("/api/billing/subscription").json()["plan"] == "pro"


def export(client: httpx.Client, host: Host) -> None:
    made: dict[str, Any] = post(client, "/api/account/export").json()

    def is_ready() -> bool:
        made.update(client.get(made["status_url"]).json())
        return bool(made["status"] == "ready")

    wait(is_ready, host)
    answer = client.get(made["download_url"])
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        letters = json.loads(archive.read("data/letters.Letter.json"))
        assert json.loads(archive.read("manifest.json"))["missing"] == []
    assert [letter["text"] for letter in letters] == ["Letter 0", "Letter 1", "Letter 2", "Dear Bob"]


def erase(client: httpx.Client, host: Host) -> None:
    slug = client.get("/api/auth/me").json()["tenant"]["slug"]
    body = {"confirm": slug, "immediately": True}
    asked = client.request("DELETE", "/api/account", json=body)
    assert asked.status_code == 202, asked.text
    assert client.get("/api/letters").status_code in (401, 403)
    count = "import django; django.setup(); from letters.models import Letter; "
    count += "print(Letter.everywhere.using('owner').count())"

    def is_gone() -> bool:
        host.run("-m", "celery", "-A", "host", "call", "gdpr.erase")
        return host.run("-c", count).stdout.strip() == "0"

    host.variables["DJANGO_SETTINGS_MODULE"] = "host.settings"
    wait(is_gone, host, pause_seconds=2)


def post(client: httpx.Client, path: str, **body: Any) -> httpx.Response:
    return client.post(path, json=body)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/livez").status_code == 200
    except httpx.HTTPError:
        return False


def wait(condition: Callable[[], bool], host: Host, *, pause_seconds: float = 0.2) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, host.log()
        assert all(process.poll() is None for process in host.running), host.log()
        time.sleep(pause_seconds)
