"""The doctor on a sound installation, and on installations broken one by one: it names what to do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as live_settings
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django import Settings

from cutroom import examinations
from cutroom.stack import free_port
from rendering import examinations as rendering_examinations
from rendering import metrics as rendering_metrics
from tests.house.doctor_wards import mail_server, name_server


@dataclass(frozen=True)
class Ward:
    """What it takes to break an installation, and to mend it again."""

    patch: pytest.MonkeyPatch
    settings: Settings
    tmp_path: Path


Break = Callable[[Ward], AbstractContextManager[None]]

PUBLISHED = {
    "cutroom.example": "v=spf1 include:mail.example -all",
    "_dmarc.cutroom.example": "v=DMARC1; p=reject",
    "s1._domainkey.cutroom.example": "v=DKIM1; p=MIGf",
}

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


@contextmanager
def weak_secret(ward: Ward) -> Iterator[None]:
    ward.settings.SECRET_KEY = "changeme" * 8
    yield


@contextmanager
def one_secret_for_two(ward: Ward) -> Iterator[None]:
    ward.settings.JWT_SECRET = ward.settings.SECRET_KEY
    yield


@contextmanager
def strong_role(ward: Ward) -> Iterator[None]:
    with signed_in_as("owner"):
        yield


@contextmanager
def no_policy(ward: Ward) -> Iterator[None]:
    with as_owner("DROP POLICY tenant_wall ON rendering_project") as owner:
        condition = "tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid)"
        yield
        owner(
            f"CREATE POLICY tenant_wall ON rendering_project FOR ALL TO app "
            f"USING ({condition}) WITH CHECK ({condition})"
        )


@contextmanager
def missing_migration(ward: Ward) -> Iterator[None]:
    with as_owner("DELETE FROM django_migrations WHERE name = '0005_job_trace'") as owner:
        yield
        owner(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('rendering', '0005_job_trace', now())"
        )


@contextmanager
def no_database(ward: Ward) -> Iterator[None]:
    ops: Any = connections["ops"]
    ops.close()
    ward.patch.setitem(ops.settings_dict, "HOST", "127.0.0.1")
    ward.patch.setitem(ops.settings_dict, "PORT", free_port())
    yield
    ops.close()


@contextmanager
def no_redis(ward: Ward) -> Iterator[None]:
    ward.settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    yield


@contextmanager
def evicting_redis(ward: Ward) -> Iterator[None]:
    client = redis.Redis.from_url(live_settings.REDIS_URL)
    before = str(client.config_get("maxmemory-policy")["maxmemory-policy"])
    client.config_set("maxmemory-policy", "allkeys-lru")
    yield
    client.config_set("maxmemory-policy", before)
    client.close()


@contextmanager
def wrong_storage_path(ward: Ward) -> Iterator[None]:
    (ward.tmp_path / "file").touch()
    backend = "django.core.files.storage.FileSystemStorage"
    default = {"BACKEND": backend, "OPTIONS": {"location": str(ward.tmp_path / "file" / "media")}}
    ward.settings.STORAGES = {**ward.settings.STORAGES, "default": default}
    yield


@contextmanager
def wrong_clock(ward: Ward) -> Iterator[None]:
    true_time = time.time
    ward.patch.setattr("cutroom.examinations.time.time", lambda: true_time() + 7200)
    yield


@contextmanager
def full_disk(ward: Ward) -> Iterator[None]:
    ward.patch.setattr(examinations, "LEAST_FREE_BYTES", 2**80)
    yield


@contextmanager
def no_workers(ward: Ward) -> Iterator[None]:
    ward.patch.setattr(examinations, "PATIENCE_SECONDS", 0.5)
    yield


@contextmanager
def silent_beat(ward: Ward) -> Iterator[None]:
    true_time = time.time
    with ward.patch.context() as earlier:
        earlier.setattr("rendering.metrics.time.time", lambda: true_time() - 600)
        rendering_metrics.note_sweep()
    yield


@contextmanager
def no_mail_server(ward: Ward) -> Iterator[None]:
    with production_mail(ward.settings, PUBLISHED):
        ward.settings.EMAIL_PORT = free_port()
        yield


@contextmanager
def no_spf(ward: Ward) -> Iterator[None]:
    with production_mail(
        ward.settings, {name: text for name, text in PUBLISHED.items() if "spf1" not in text}
    ):
        yield


@contextmanager
def no_dkim(ward: Ward) -> Iterator[None]:
    with production_mail(
        ward.settings, {name: text for name, text in PUBLISHED.items() if "DKIM1" not in text}
    ):
        yield


@contextmanager
def no_fonts(ward: Ward) -> Iterator[None]:
    ward.patch.setitem(rendering_examinations.SAMPLES, "Klingon", "\uf8d0\uf8d1")
    yield


@contextmanager
def no_voice(ward: Ward) -> Iterator[None]:
    ward.patch.setitem(rendering_examinations.SENTENCES, "tlh", "Qapla'")
    yield


@contextmanager
def debug_in_production(ward: Ward) -> Iterator[None]:
    ward.settings.CUTROOM_PRODUCTION, ward.settings.DEBUG = True, True
    yield


@pytest.mark.parametrize(
    ("break_it", "examination", "problem", "cure"),
    [
        (weak_secret, "secrets", "SECRET_KEY", "openssl rand"),
        (one_secret_for_two, "secrets", "SECRET_KEY and JWT_SECRET are the same", "JWT_SECRET"),
        (strong_role, "roles", "owns tables", "NOBYPASSRLS that owns no table, and set DATABASE_URL"),
        (no_policy, "policies", "rendering_project", "manage.py migrate"),
        (missing_migration, "migrations", "rendering.0005_job_trace", "manage.py migrate"),
        (no_database, "database", "DATABASE_OPS_URL: no connection", "Check host, user and password"),
        (no_redis, "redis", "Redis does not answer", "check REDIS_URL"),
        (evicting_redis, "redis", "allkeys-lru", "maxmemory-policy noeviction"),
        (wrong_storage_path, "storage", "Storage:", "CUTROOM_VAR/media writable"),
        (wrong_clock, "clock", "7200 s ahead of", "chrony"),
        (full_disk, "disk", "GB of the disk", "CUTROOM_VAR"),
        (no_workers, "workers", "No worker listens to default, image", "celery -A config worker"),
        (silent_beat, "sweeper", "last looked for", "celery -A config beat"),
        (no_mail_server, "mail", "mail server does not take us", "EMAIL_URL"),
        (no_spf, "mail", "SPF is missing at cutroom.example", "v=spf1"),
        (no_dkim, "mail", "DKIM is missing at s1._domainkey", "public key"),
        (no_fonts, "fonts", "No font draws Klingon", "manimgx-fonts"),
        (no_voice, "voices", "Nobody can speak tlh", "espeakng-loader"),
        (debug_in_production, "settings", "DEBUG", "DEBUG=false"),
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

    monkeypatch.setattr(examinations, "MigrationExecutor", fail)
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


@contextmanager
def production_mail(settings: Settings, records: dict[str, str]) -> Iterator[None]:
    settings.CUTROOM_PRODUCTION = True
    settings.MAGIC_LINK_FROM = "Cutroom <login@cutroom.example>"
    settings.ACCOUNTS_DKIM_SELECTOR = "s1"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with mail_server() as port, name_server(records):
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        yield


@contextmanager
def signed_in_as(alias: str) -> Iterator[None]:
    """The app uses the role of another alias."""
    default: Any = connections["default"]
    before = dict(default.settings_dict)
    default.close_pool()
    other = connections[alias].settings_dict
    default.settings_dict.update({name: other[name] for name in ("USER", "PASSWORD")})
    try:
        yield
    finally:
        default.close_pool()
        default.settings_dict.update(before)


@contextmanager
def as_owner(statement: str) -> Iterator[Callable[[str], None]]:
    def run(sql: str) -> None:
        with connections["owner"].cursor() as cursor:
            cursor.execute(sql)

    run(statement)
    yield run
