"""One table says how long each stream is kept, and one job keeps to it, to the minute."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection, models
from django.db.models import Model
from pytest_django import Settings

from accounts import limits
from accounts.models import LoginRequest, RateBucket, Session
from cutroom import clock
from gdpr import retention
from gdpr.data_map import data_map
from gdpr.retention import Rule
from rendering.models import CacheEntry
from tenants import storage
from tenants.context import tenant_context
from tenants.models import IdempotencyRecord
from tests.cast import Cast, open_session
from tests.gdpr.exports import store
from tests.gdpr.rows import Rows

pytestmark = pytest.mark.committed
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
RULES = {f"{rule.stream}: {rule.each.label}": rule for rule in retention.table()}


def put_down(rule: Rule, cast: Cast, *, since: datetime) -> Model:
    """A row of the rule's table that began to count then."""
    name = rule.each.table.kept.since
    is_moment = isinstance(rule.each.model._meta.get_field(name), models.DateTimeField)
    row = Rows(cast).make(rule.each.model, **rule.each.table.kept.only)
    value = since if is_moment else since.date()
    rule.each.model._base_manager.using("owner").filter(pk=row.pk).update(**{name: value})
    return row


def is_there(row: Model) -> bool:
    return type(row)._base_manager.using("owner").filter(pk=row.pk).exists()


def asked_at(expires_at: datetime, number: int) -> LoginRequest:
    """A sign-in link that expired then."""
    return LoginRequest.objects.create(
        email="dora@example.org",
        token_hash=str(number),
        code_hash="",
        created_at=expires_at,
        expires_at=expires_at,
    )


def test_every_limit_of_the_map_is_in_the_table() -> None:
    limited = {each.label for each in data_map().models() if each.table.kept.days is not None}
    assert {rule.each.label for rule in retention.table()} == limited
    assert {"sign-in links", "sessions", "webhook messages", "exports made", "billing webhook bodies"} <= {
        rule.stream for rule in retention.table()
    }


@pytest.mark.parametrize("name", RULES)
def test_a_row_past_its_time_goes_and_a_younger_one_stays(name: str, committed_cast: Cast) -> None:
    rule, now = RULES[name], clock.now()
    kept = timedelta(days=rule.days)
    margin = MINUTE if isinstance(_since(rule), models.DateTimeField) else DAY
    young = put_down(rule, committed_cast, since=now - kept + margin)
    retention.purge(at=now)
    assert is_there(young)
    retention.purge(at=now + 2 * margin)
    assert not is_there(young)


def _since(rule: Rule) -> Any:
    return rule.each.model._meta.get_field(rule.each.table.kept.since)


def test_there_is_no_other_purge_than_this_one() -> None:
    root = Path(django_settings.BASE_DIR)
    rung = {entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()}
    assert {name for name in rung if "purge" in name or "retention" in name} == {"gdpr.purge"}
    assert [str(path.relative_to(root)) for path in root.glob("*/retention.py")] == ["gdpr/retention.py"]


def test_what_is_purged_is_found_by_an_index() -> None:
    tables = ("accounts_refreshtoken", "accounts_session", "accounts_loginrequest", "accounts_ratebucket")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%%(expires_at)'")
        indexed = {name for (name,) in cursor.fetchall()}
    assert set(tables) <= indexed


def test_counters_of_past_windows_are_forgotten(settings: Settings, committed_cast: Cast) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    limits.check([limits.Limit(key="test", count=1, seconds=60)])
    retention.purge(at=clock.now() + timedelta(seconds=61))
    assert not RateBucket.objects.exists()


def test_the_file_of_an_unused_part_goes_with_its_row(
    committed_cast: Cast, media: Path, tmp_path: Path
) -> None:
    keys = {}
    for name in ("old", "new"):
        keys[name] = storage.storage_key(tenant_id=committed_cast.acme.pk, area="cache", name=name)
        store(keys[name], b"a segment", tmp_path)
        with tenant_context(committed_cast.acme.pk):
            CacheEntry.objects.create(key=name, kind="segment", storage_key=keys[name], size_bytes=9)
    CacheEntry.everywhere.using("ops").filter(key="old").update(used_at=clock.now() - 91 * DAY)
    assert retention.purge(at=clock.now())["parts of finished videos"] == 1
    assert not storage.file_exists(keys["old"])
    assert storage.file_exists(keys["new"])
    assert CacheEntry.everywhere.using("ops").get().key == "new"


def test_rows_of_every_tenant_go_in_batches(committed_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for tenant in (committed_cast.acme, committed_cast.globex):
        with tenant_context(tenant.pk):
            for number in range(5):
                IdempotencyRecord.objects.create(key=str(number), path="/", status=200, body=b"")
    assert retention.purge(at=clock.now() + 2 * DAY)["answers to repeated requests"] == 10


def test_the_installation_may_choose_other_days(committed_cast: Cast, settings: Settings) -> None:
    session = open_session(committed_cast.alice, committed_cast.acme)
    after = session.expires_at + 31 * DAY
    retention.purge(at=after)
    assert Session.objects.filter(pk=session.pk).exists()
    settings.GDPR_RETENTION_DAYS = {"sessions": "30"}
    retention.purge(at=after)
    assert not Session.objects.filter(pk=session.pk).exists()


def test_a_look_deletes_nothing(committed_cast: Cast) -> None:
    asked_at(clock.now() - 3 * DAY, 1)
    out = StringIO()
    call_command("purge", "--dry-run", "--json", stdout=out)
    assert json.loads(out.getvalue())["rows"]["sign-in links"] == 1
    assert LoginRequest.objects.count() == 1
