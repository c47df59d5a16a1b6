"""One table says how long each stream is kept, and the nightly job keeps to it, to the day."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from pytest_django import Settings

from accounts.models import LoginRequest, Session
from cutroom import clock
from gdpr import retention
from gdpr.data_map import data_map
from tenants.context import tenant_context
from tenants.models import IdempotencyRecord
from tests.cast import Cast, open_session

pytestmark = pytest.mark.committed
DAY = timedelta(days=1)


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
    assert {"sign-in links", "sessions", "webhook messages", "exports made"} <= {
        rule.stream for rule in retention.table()
    }


def test_every_rule_can_be_asked(committed_cast: Cast) -> None:
    for rule in retention.table():
        assert rule.stale(clock.now() - 1000 * DAY).count() == 0, rule.stream


def test_a_day_past_goes_and_a_day_before_stays(committed_cast: Cast) -> None:
    now = clock.now()
    asked_at(now - DAY - timedelta(minutes=1), 1)
    stays = asked_at(now - DAY + timedelta(minutes=1), 2)
    assert retention.purge(at=now)["sign-in links"] == 1
    assert list(LoginRequest.objects.all()) == [stays]


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
