"""A production process with unsafe settings does not start; it says why, and names the variable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.deployment.production import ROOT, address, environment

# What each role of the image runs, up to the moment when it would begin to serve.
WEB = [sys.executable, "-c", "import config.asgi"]
WSGI = [sys.executable, "-c", "import config.wsgi"]
WORKER = [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool=solo", "-l", "warning"]
BEAT = [sys.executable, "-m", "celery", "-A", "config", "beat", "-l", "warning"]

UNSAFE: list[tuple[dict[str, str | None], str]] = [
    ({"SECRET_KEY": None}, "SECRET_KEY is not set."),
    ({"SECRET_KEY": ""}, "SECRET_KEY is not set."),
    ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter than 50 characters."),
    ({"SECRET_KEY": "ab" * 40}, "SECRET_KEY has too few different characters to be random."),
    (
        {"SECRET_KEY": "please-change-me-please-change-me-please-change-me-0123456789"},
        "SECRET_KEY is a placeholder.",
    ),
    ({"JWT_SECRET": None}, "JWT_SECRET is not set."),
    ({"JWT_SECRET": "short"}, "JWT_SECRET is shorter than 32 bytes."),
    ({"JWT_SECRET": environment(Path("/"))["SECRET_KEY"]}, "JWT_SECRET is the same as SECRET_KEY."),
    ({"METRICS_TOKEN": "guess"}, "METRICS_TOKEN is shorter than 24 characters."),
    ({"DEBUG": "true"}, "DEBUG is on. Set DEBUG=false."),
    ({"SITE_URL": None}, "SITE_URL is not set."),
    ({"SITE_URL": "http://cutroom.example"}, "SITE_URL is not an HTTPS address."),
    ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS lets any host name in."),
    ({"SECURE_COOKIES": "false"}, "SECURE_COOKIES is off in production."),
    ({"STRIPE_API_KEY": "sk_test_0123456789abcdefghijklmn"}, "STRIPE_API_KEY is a test key."),
    ({"STRIPE_API_KEY": "whatever"}, "STRIPE_API_KEY is not a secret key of Stripe."),
    ({"DATABASE_URL": None}, "DATABASE_URL is not set."),
    ({"DATABASE_URL": "cutroom"}, "DATABASE_URL is not an address like postgresql://"),
    ({"REDIS_URL": None}, "REDIS_URL is not set."),
    ({"MAGIC_LINK_FROM": None}, "MAGIC_LINK_FROM is not set."),
    ({"JWT_EXPIRE_HOURS": "a day"}, "JWT_EXPIRE_HOURS is not a valid int"),
    (
        {"SECRET_KEY": None, "SECRET_KEY_FILE": "/no/such/file"},
        "SECRET_KEY_FILE names a file that cannot be read",
    ),
]


def start(command: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("changes", "sentence"), UNSAFE, ids=lambda part: str(part)[:60])
def test_an_unsafe_start_is_refused(
    changes: dict[str, str | None], sentence: str, tmp_path: Path, transactional_db: None
) -> None:
    result = start(WEB, environment(tmp_path, **changes))
    assert result.returncode == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_a_role_that_is_too_strong_is_refused(tmp_path: Path, transactional_db: None) -> None:
    result = start(WEB, environment(tmp_path, DATABASE_URL=address("owner")))
    assert result.returncode == 1
    assert "DATABASE_URL's role owns tables." in result.stderr


@pytest.mark.parametrize("command", [WEB, WSGI, WORKER, BEAT], ids=["web", "wsgi", "worker", "beat"])
def test_every_role_of_the_image_refuses(command: list[str], tmp_path: Path, transactional_db: None) -> None:
    result = start(command, environment(tmp_path, SECURE_COOKIES="false"))
    assert result.returncode == 1
    assert "SECURE_COOKIES is off in production." in result.stderr
    result = start(command, environment(tmp_path, SECRET_KEY=None))
    assert result.returncode == 1
    assert "SECRET_KEY is not set." in result.stderr


@pytest.mark.parametrize("command", [WEB, WSGI], ids=["web", "wsgi"])
def test_a_sound_start_is_not(command: list[str], tmp_path: Path, transactional_db: None) -> None:
    result = start(command, environment(tmp_path))
    assert "Cutroom does not start" not in result.stderr
    assert result.returncode == 0


def test_a_secret_may_come_from_a_file_that_ends_with_a_newline(
    tmp_path: Path, transactional_db: None
) -> None:
    secret = environment(tmp_path)["SECRET_KEY"]
    (tmp_path / "secret").write_text(f"{secret}\n")
    variables = environment(tmp_path, SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path / "secret"))
    tell = [sys.executable, "-c", "from django.conf import settings; print(settings.SECRET_KEY, end='')"]
    assert start(tell, variables).stdout == secret
