"""Installations that are broken in one way each, for the length of a block."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as live_settings
from django.db import connections
from pytest_django import Settings

from billing import gateway
from cutroom import examinations
from cutroom.stack import free_port
from rendering import examinations as rendering_examinations
from rendering import metrics as rendering_metrics
from tests.house.stub_servers import Stripe, mail_server, name_server


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
def wrong_stripe_key(ward: Ward) -> Iterator[None]:
    with stripe_account(ward, endpoint=None):
        yield


@contextmanager
def no_stripe_endpoint(ward: Ward) -> Iterator[None]:
    with stripe_account(ward, endpoint={"id": "we_of_another_site", "api_version": "2026-05-27.dahlia"}):
        yield


@contextmanager
def no_backup(ward: Ward) -> Iterator[None]:
    ward.settings.CUTROOM_PRODUCTION = True
    yield


@contextmanager
def debug_in_production(ward: Ward) -> Iterator[None]:
    ward.settings.CUTROOM_PRODUCTION, ward.settings.DEBUG = True, True
    yield


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


@contextmanager
def stripe_account(ward: Ward, *, endpoint: dict[str, str] | None) -> Iterator[None]:
    """Payments go to a stub of Stripe."""
    ward.settings.STRIPE_TEST_SECRET_KEY = "sk_test_0123456789abcdefghijklmn"
    ward.settings.BILLING_TRANSPORT = "tests.house.stub_servers.Stripe"
    ward.patch.setattr(Stripe, "endpoint", endpoint)
    gateway.connect()
    yield
    ward.settings.BILLING_TRANSPORT = ""
    gateway.connect()
