"""What programs find by reading our source: dangerous calls, secrets, and others' licences."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.security import licences

ROOT = Path(settings.BASE_DIR)
PACKAGES = [
    "accounts",
    "billing",
    "config",
    "cutroom",
    "gdpr",
    "metering",
    "rendering",
    "tenants",
    "manage.py",
]

# Reviewed: what bandit finds at medium severity or above, and why it is right here. Ruff's S rules, which are
# bandit's, look at the rest on every run.
REVIEWED = {
    ("accounts/invitations.py", "B608"): "columns are constants of the module",
    ("accounts/resolvers.py", "B608"): "columns are constants of the module",
    ("gdpr/erasure/holds.py", "B608"): "names of tables and fields come from the data map",
    ("accounts/second_factor/security_views.py", "B308"): "a QR code that segno drew",
    ("accounts/second_factor/security_views.py", "B703"): "a QR code that segno drew",
}

# Keys of the shapes that open something. A test's own made-up ones are told by their text.
SECRETS = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\n"),
    "AWS key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "Stripe key": re.compile(r"\b[rs]k_live_[0-9A-Za-z]{16,}"),
    "Cutroom key": re.compile(r"\bsk_prod_[0-9A-Za-z]{38}\b"),
    "GitHub token": re.compile(r"\bgh[pousr]_[0-9A-Za-z]{36}\b"),
    "Slack token": re.compile(r"\bxox[abpr]-[0-9A-Za-z-]{10,}"),
    "JWT": re.compile(r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}"),
    "address with a password": re.compile(
        r"\b(?:postgres(?:ql)?|redis|amqp|smtp)://[\w.-]+:(?!\$|\{|<|\.\.\.|…)[^@\s'\"]{12,}@"
    ),
}


def sources() -> list[Path]:
    """Every text file that is in the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout
    names = [name for name in listed.decode().split("\0") if name]
    if not names:
        names = [str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*")]
    return [path for name in names if (path := ROOT / name).is_file() and path.stat().st_size < 2_000_000]


def test_bandit_finds_nothing_that_nobody_looked_at() -> None:
    command = [sys.executable, "-m", "bandit", "-q", "-r", *PACKAGES, "-f", "json", "-ll"]
    found = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=False).stdout)
    assert found["errors"] == []
    seen = {(row["filename"].removeprefix("./"), row["test_id"]): row for row in found["results"]}
    assert {where: seen[where]["issue_text"] for where in seen if where not in REVIEWED} == {}
    assert set(REVIEWED) <= set(seen), "Take away what bandit no longer finds."


def test_no_secret_lies_in_the_repository() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources()
        for name, pattern in SECRETS.items()
        if pattern.search(path.read_text(errors="ignore"))
    ]
    assert found == []


def test_the_scan_finds_what_it_is_for() -> None:
    key = "sk_prod_" + "a" * 38
    assert SECRETS["Cutroom key"].search(f"curl -H 'Authorization: Bearer {key}'")
    assert SECRETS["private key"].search("-----BEGIN " + "PRIVATE KEY-----\nMII")
    assert SECRETS["address with a password"].search("postgresql://app:" + "s3cret-s3cret@db/x")


def test_the_example_of_the_environment_holds_no_value_that_could_be_in_use() -> None:
    for line in (ROOT / ".env.example").read_text().splitlines():
        name, _, value = line.partition("=")
        if name.endswith(("SECRET", "_KEY", "PASSWORD", "_TOKEN")) and not line.startswith("#"):
            assert value == "", name


def test_the_list_of_licences_is_that_of_what_is_installed() -> None:
    listed = (ROOT / "docs" / "licences.md").read_text()
    assert listed == licences.as_markdown(), f"Run: {licences.REGENERATE}"


@pytest.mark.parametrize("package", licences.runtime_packages(), ids=lambda package: package.name)
def test_each_licence_lets_us_ship(package: Any) -> None:
    assert licences.is_acceptable(package), f"{package.name}: {package.licence}"
