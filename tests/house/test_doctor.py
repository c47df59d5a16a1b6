"""The doctor on a sound installation, and on installations broken one by one: it names what to do."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from cutroom import examinations
from cutroom.stack import free_port
from tests.house import broken_installations as broken
from tests.house.broken_installations import PUBLISHED, Break, Ward, production_mail

pytestmark = pytest.mark.committed


def diagnose(*only: str) -> dict[str, Any]:
    out = StringIO()
    try:
        call_command("doctor", "--json", *(f"--only={name}" for name in only), stdout=out)
    except CommandError as error:
        if error.returncode != 1:
            raise
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def cures(*only: str) -> str:
    findings = [finding for finding in diagnose(*only)["findings"] if finding["state"] == "broken"]
    return "\n".join(f"{finding['says']} -> {finding['cure']}" for finding in findings)


@pytest.mark.parametrize(
    ("break_it", "examination", "problem", "cure"),
    [
        (broken.weak_secret, "secrets", "SECRET_KEY", "openssl rand"),
        (broken.one_secret_for_two, "secrets", "SECRET_KEY and JWT_SECRET are the same", "JWT_SECRET"),
        (broken.strong_role, "roles", "owns tables", "NOBYPASSRLS that owns no table, and set DATABASE_URL"),
        (broken.no_policy, "policies", "rendering_project", "manage.py migrate"),
        (broken.missing_migration, "migrations", "rendering.0005_job_trace", "manage.py migrate"),
        (broken.no_database, "database", "DATABASE_OPS_URL: no connection", "Check host, user and password"),
        (broken.no_redis, "redis", "Redis does not answer", "check REDIS_URL"),
        (broken.evicting_redis, "redis", "allkeys-lru", "maxmemory-policy noeviction"),
        (broken.wrong_storage_path, "storage", "Storage:", "CUTROOM_VAR/media writable"),
        (broken.wrong_clock, "clock", "7200 s ahead of", "chrony"),
        (broken.full_disk, "disk", "GB of the disk", "CUTROOM_VAR"),
        (broken.no_workers, "workers", "No worker listens to mail, default", "celery -A config worker"),
        (broken.silent_beat, "sweeper", "last looked for", "celery -A config beat"),
        (broken.no_mail_server, "mail", "mail server does not take us", "EMAIL_URL"),
        (broken.no_spf, "mail", "SPF is missing at cutroom.example", "v=spf1"),
        (broken.no_dkim, "mail", "DKIM is missing at s1._domainkey", "public key"),
        (broken.no_fonts, "fonts", "No font draws Klingon", "manimgx-fonts"),
        (broken.no_voice, "voices", "Nobody can speak tlh", "espeakng-loader"),
        (broken.wrong_stripe_key, "stripe", "Stripe does not take our key", "STRIPE_API_KEY"),
        (
            broken.no_stripe_endpoint,
            "stripe",
            "no webhook endpoint of this installation",
            "manage.py stripe_setup",
        ),
        (broken.no_backup, "backups", "No backup was made yet", "manage.py backup"),
        (broken.debug_in_production, "settings", "DEBUG", "DEBUG=false"),
    ],
)
def test_the_doctor_names_what_is_broken_and_its_cure(
    break_it: Break,
    examination: str,
    problem: str,
    cure: str,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    tmp_path: Path,
) -> None:
    with break_it(Ward(monkeypatch, settings, tmp_path)):
        said = cures(examination)
    assert problem in said
    assert cure in said


def test_what_needs_no_other_process_is_sound_here(media: Path) -> None:
    report = diagnose(
        "settings", "secrets", "database", "migrations", "clock", "redis", "roles", "policies", "storage",
        "mail", "fonts", "voices", "encoder",
    )  # fmt: skip
    assert report["healthy"], report
    assert {finding["state"] for finding in report["findings"]} <= {"ok", "note"}


def test_a_published_sender_is_believed(settings: Settings) -> None:
    with production_mail(settings, PUBLISHED):
        findings = diagnose("mail")["findings"]
    assert [finding["state"] for finding in findings] == ["ok"] * 4


def test_without_a_name_server_the_records_are_not_called_missing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.examinations.PATIENCE_SECONDS", 0.3)
    with production_mail(settings, PUBLISHED):
        import dns.resolver

        dns.resolver.get_default_resolver().port = free_port()
        findings = diagnose("mail")["findings"]
    assert [finding["state"] for finding in findings] == ["ok", "note", "note", "note"]


def test_an_examination_that_breaks_down_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("alice@acme.test")

    monkeypatch.setattr(examinations, "MigrationLoader", fail)
    report = diagnose("migrations", "clock")
    said = {finding["examination"]: finding["state"] for finding in report["findings"]}
    assert said == {"migrations": "broken", "clock": "ok"}
    assert "alice" not in json.dumps(report)


def test_people_read_sentences_and_an_unknown_examination_is_refused() -> None:
    out = StringIO()
    call_command("doctor", "--only=clock", stdout=out)
    assert out.getvalue().startswith("ok      clock")
    assert out.getvalue().endswith("Everything is sound.\n")
    with pytest.raises(CommandError, match=r"There is no examination horoscope; there are .*clock"):
        call_command("doctor", "--only=horoscope")
