"""The configuration for point-in-time recovery: it parses, hangs together, and keeps privacy's limit."""

from __future__ import annotations

import configparser
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from cutroom.embedded import cluster
from gdpr import conf

FOLDER = Path(settings.BASE_DIR) / "deploy" / "pgbackrest"
# Of https://pgbackrest.org/configuration.html, those we use.
OPTIONS = {
    "archive-async",
    "archive-push-queue-max",
    "compress-level",
    "compress-type",
    "delta",
    "log-level-console",
    "log-level-file",
    "process-max",
    "repo1-block",
    "repo1-bundle",
    "repo1-cipher-type",
    "repo1-path",
    "repo1-retention-diff",
    "repo1-retention-full",
    "repo1-retention-full-type",
    "repo1-s3-bucket",
    "repo1-s3-endpoint",
    "repo1-s3-region",
    "repo1-type",
    "spool-path",
    "start-fast",
    "pg1-path",
    "pg1-port",
}


@pytest.fixture
def parsed() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.read(FOLDER / "pgbackrest.conf")
    return parser


def test_only_options_that_pgbackrest_has(parsed: configparser.ConfigParser) -> None:
    assert parsed.sections() == ["global", "global:archive-push", "cutroom"]
    assert {option for section in parsed.sections() for option in parsed[section]} == OPTIONS


def test_it_is_encrypted_and_holds_no_secret(parsed: configparser.ConfigParser) -> None:
    assert parsed["global"]["repo1-cipher-type"] == "aes-256-cbc"
    secrets = ("cipher-pass", "key", "secret")
    assert not [option for option in parsed["global"] if option.endswith(secrets)]


def test_nothing_is_kept_longer_than_backups_may_be(parsed: configparser.ConfigParser) -> None:
    kept = parsed["global"]
    assert kept["repo1-retention-full-type"] == "time"
    # A full backup goes when the next one is older than the limit, so a week comes on top.
    assert int(kept["repo1-retention-full"]) + 7 <= conf.backup_kept().days


def test_postgresql_accepts_the_settings(tmp_path: Path) -> None:
    lines = [line for line in (FOLDER / "postgresql.conf").read_text().splitlines() if "=" in line]
    pairs = [line.partition(" = ") for line in lines if not line.startswith("#")]
    given = {name: value.strip("'") for name, _, value in pairs}
    for name, value in given.items():
        command = [
            str(cluster.programs() / "postgres"),
            "-C",
            name,
            "-D",
            str(tmp_path),
            "-c",
            f"{name}={value}",
        ]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "unrecognized configuration parameter" not in answer.stderr
        assert "invalid value" not in answer.stderr
    assert given["archive_mode"] == "on"
    assert int(given["archive_timeout"]) <= 60
    assert "--stanza=cutroom archive-push %p" in given["archive_command"]


def test_the_crontab_has_a_full_backup_a_week_and_a_verification_a_day() -> None:
    jobs = [
        line.split(maxsplit=5) for line in (FOLDER / "crontab").read_text().splitlines() if line[0] != "#"
    ]
    assert all(len(job) == 6 and job[5].startswith("pgbackrest --stanza=cutroom") for job in jobs)
    assert [job[4] for job in jobs if "--type=full" in job[5]] == ["0"]
    assert [job[4] for job in jobs if "verify" in job[5]] == ["*"]
