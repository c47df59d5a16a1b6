"""The usage page: five meters, the days of one, the ledger; eight queries however long the ledger is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from metering import services
from metering.meters import Meter
from metering.models import UsageEvent
from metering.periods import month_of
from tenants.context import tenant_context
from tests.cast import Cast, browser_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = 60_000
RENDER_ID = UUID("11111111-2222-4333-8444-555555555555")


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon on 23 November for this page alone: sessions live by the real clock."""
    monkeypatch.setattr("metering.views.clock", SimpleNamespace(now=lambda: NOON))


def use(
    cast: Cast, meter: Meter, amount: int, *, at: datetime = NOON, subject: str = f"render:{RENDER_ID}"
) -> None:
    """One more line for Acme."""
    with tenant_context(cast.acme.pk):
        write = services.record_level if meter.is_level else services.settle
        more: dict[str, Any] = (
            {"delta": amount} if meter.is_level else {"amount": amount, "reservation_key": "none"}
        )
        write(
            tenant_id=cast.acme.pk, event_key=f"line:{uuid4()}", meter=meter, subject=subject, at=at, **more
        )


def text_of(page: str) -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def use_a_month(cast: Cast) -> None:
    """Twenty-two days of rendering, 475.2 minutes in all."""
    for day in range(1, 23):
        use(cast, Meter.RENDER, 21 * MINUTE + 36_000, at=datetime(2026, 11, day, 9, tzinfo=UTC))


def test_a_new_tenant_sees_five_empty_meters_and_what_to_do(alice_browser: Client) -> None:
    page = alice_browser.get("/usage").content.decode()
    assert page.count("<meter") == 5
    assert "Nothing used yet" in page
    assert '<svg class="chart"' not in page


def test_the_period_has_exact_bounds(alice_browser: Client) -> None:
    page = alice_browser.get("/usage").content.decode()
    assert 'datetime="2026-11-01T00:00:00+00:00"' in page
    assert 'datetime="2026-12-01T00:00:00+00:00"' in page
    assert "Resets in 8 days" in text_of(page)


def test_a_meter_says_how_full_it_is_and_when_it_runs_out(alice_browser: Client, cast: Cast) -> None:
    use_a_month(cast)
    said = text_of(alice_browser.get("/usage").content.decode())
    assert "Render minutes 475.2 of 500 min 95% 95% At today’s pace full on 25 Nov" in said


def test_what_is_held_is_told_apart(alice_browser: Client, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        services.reserve(tenant_id=cast.acme.pk, key="render:1", amounts={Meter.IMAGES: 100}, at=NOON)
    assert "100 held by running work" in text_of(alice_browser.get("/usage").content.decode())


def test_the_days_add_up_in_the_chart_and_in_its_table(alice_browser: Client, cast: Cast) -> None:
    use_a_month(cast)
    answer = alice_browser.get("/usage")
    page = answer.content.decode()
    assert page.count('<rect class="ink"') == 22
    assert page.count('<rect class="ghost"') == 2
    assert "475.2 min in all" in page
    day, amount, so_far = answer.context["days"][-1]
    assert (day, amount, so_far) == (NOON.date(), 0, 475.2)


def test_work_that_ended_after_its_month_counts_on_the_last_day(alice_browser: Client, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        before = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
        services.reserve(tenant_id=cast.acme.pk, key="late", amounts={Meter.RENDER: 5 * MINUTE}, at=before)
        services.settle(
            tenant_id=cast.acme.pk,
            reservation_key="late",
            event_key="late",
            meter=Meter.RENDER,
            amount=5 * MINUTE,
            subject="render:1",
            at=before + timedelta(minutes=2),
        )
    october = alice_browser.get("/usage?period=2026-10")
    assert october.context["days"][-1] == (datetime(2026, 10, 31).date(), 5, 5)  # noqa: DTZ001  # a date
    assert "This month is over" in october.content.decode()
    assert alice_browser.get("/usage").context["total"] == 0


def test_storage_is_drawn_as_a_level(alice_browser: Client, cast: Cast) -> None:
    use(cast, Meter.STORAGE, 3 * 10**9, at=datetime(2026, 10, 5, tzinfo=UTC))
    use(cast, Meter.STORAGE, -(10**9), at=datetime(2026, 11, 10, tzinfo=UTC))
    levels = [amount for _, amount, _ in alice_browser.get("/usage?meter=storage_gb").context["days"]]
    assert levels == [3] * 9 + [2] * 14
    october = [
        amount for _, amount, _ in alice_browser.get("/usage?meter=storage_gb&period=2026-10").context["days"]
    ]
    assert october == [0] * 4 + [3] * 27


def test_a_line_leads_to_its_render(alice_browser: Client, cast: Cast) -> None:
    use(cast, Meter.RENDER, 126_000)
    use(cast, Meter.UPLOADS, 1, subject="asset:1")
    page = alice_browser.get("/usage").content.decode()
    assert f'<a href="/renders/{RENDER_ID}">' in page
    assert "+2.1 min" in page
    assert "File <code>1</code>" in page


@pytest.mark.parametrize(
    "query", ["period=x", "period=9999-99", "period=2027-01", "meter=coffee", "period=0000-01"]
)
def test_nonsense_shows_this_month(alice_browser: Client, query: str) -> None:
    context = alice_browser.get(f"/usage?{query}").context
    assert (context["period"], context["meter"]) == (month_of(NOON), Meter.RENDER)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_ledger_can_be_saved(
    alice_browser: Client, charlie_browser: Client, cast: Cast, form: str
) -> None:
    use(cast, Meter.RENDER, 126_000)
    url = f"/usage/events.{form}?period=2026-11"
    saved = alice_browser.get(url)
    assert saved["Content-Disposition"] == f'attachment; filename="usage-acme-2026-11.{form}"'
    assert str(RENDER_ID) in saved.getvalue().decode()
    assert str(RENDER_ID) not in charlie_browser.get(url).getvalue().decode()


@pytest.mark.parametrize("path", ["/usage", "/usage/events.csv", "/usage/events.jsonl"])
def test_strangers_sign_in_first(client: Client, db: None, path: str) -> None:
    assert client.get(path)["Location"].startswith("/login?next=")


def test_another_workspace_sees_only_its_own(charlie_browser: Client, cast: Cast) -> None:
    use_a_month(cast)
    assert "Nothing used yet" in charlie_browser.get("/usage").content.decode()


def test_eight_queries_however_long_the_ledger(committed_cast: Cast) -> None:
    browser = browser_of(committed_cast.alice, committed_cast.acme)
    use_a_month(committed_cast)
    with CaptureQueriesContext(connection) as few:
        browser.get("/usage?period=2026-10&meter=storage_gb")
    with tenant_context(committed_cast.acme.pk):
        UsageEvent.objects.bulk_create(
            UsageEvent(
                tenant_id=committed_cast.acme.pk,
                key=f"more:{number}",
                meter=Meter.RENDER,
                amount=1,
                period_start=month_of(NOON).start,
                at=NOON,
                subject="render:1",
            )
            for number in range(200)
        )
    with CaptureQueriesContext(connection) as many:
        browser.get("/usage")
    statements = [
        [q["sql"] for q in queries if q["sql"] not in ("BEGIN", "COMMIT")] for queries in (few, many)
    ]
    assert len(statements[0]) == len(statements[1]) <= 8
