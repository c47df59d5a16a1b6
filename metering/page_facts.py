"""The page /usage beside its meters: days and shares of one meter, newest lines, past months and choices.

One statement. Each arm finds its rows by an index that begins with the tenant; none adds up the ledger.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from django.utils.module_loading import import_string

from cutroom import prepared
from metering import conf, notices
from metering.history import MOST_MONTHS
from metering.meters import Meter
from metering.models import Sharer, UsageEvent
from metering.periods import LEVEL_START, Period

MOST_SHARES = 6
NEWEST_LINES = 25

FACTS = """
(SELECT 'day' AS kind, day::text AS name, amount FROM metering_usagedaily
WHERE tenant_id = %(tenant_id)s AND meter = %(meter)s AND period_start = %(period_start)s
    AND day >= %(first)s)
UNION ALL
(SELECT kind, sharer_id::text, amount FROM metering_usageshare
WHERE tenant_id = %(tenant_id)s AND meter = %(meter)s AND period_start = %(period_start)s AND kind = 'project'
    AND amount > 0 ORDER BY amount DESC LIMIT %(most)s)
UNION ALL
(SELECT kind, sharer_id::text, amount FROM metering_usageshare
WHERE tenant_id = %(tenant_id)s AND meter = %(meter)s AND period_start = %(period_start)s AND kind = 'member'
    AND amount > 0 ORDER BY amount DESC LIMIT %(most)s)
UNION ALL
(SELECT 'month', period_start || ' ' || meter, used FROM metering_quotacounter
WHERE tenant_id = %(tenant_id)s AND period_start <> %(level_start)s
ORDER BY period_start DESC LIMIT %(months)s)
UNION ALL
(SELECT 'line', jsonb_build_object('id', id, 'at', at, 'meter', meter, 'subject', subject,
    'project_id', project_id, 'period_start', period_start)::text, amount FROM metering_usageevent
WHERE tenant_id = %(tenant_id)s AND at >= %(begins_at)s AND at < %(ends_at)s
ORDER BY at DESC, id DESC LIMIT %(lines)s)
UNION ALL
(SELECT 'asked', meter, wanted_amount FROM metering_limitrequest
WHERE tenant_id = %(tenant_id)s AND state = 'open')
UNION ALL
(SELECT 'mail', jsonb_array_elements_text(percents), 0 FROM metering_alertchoice
WHERE tenant_id = %(tenant_id)s)
"""


@dataclass(frozen=True, kw_only=True)
class Share:
    """How much of a meter one project or member used; smallest unit. None is nobody in particular."""

    sharer_id: UUID | None
    amount: int


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the page shows of one meter and period, and what the tenant asked for and chose.

    `lines` are the newest of the period and of all meters, the newest first.
    """

    days: dict[date, int]
    shares: dict[Sharer, list[Share]]
    lines: list[UsageEvent]
    months: dict[date, dict[Meter, int]]
    asked: dict[Meter, int]
    mail_percents: list[int]


@dataclass(frozen=True, kw_only=True)
class Name:
    """What a project or a person is called, and where it is found; no `url` leads nowhere."""

    text: str
    url: str = ""


def facts(tenant_id: UUID, meter: Meter, period: Period) -> Facts:
    """Everything beside the meters, in one query. Of a level `days` says by how much it moved."""
    values = {
        "tenant_id": tenant_id,
        "meter": meter.value,
        "period_start": LEVEL_START if meter.is_level else period.start,
        "first": period.start if meter.is_level else LEVEL_START,
        "level_start": LEVEL_START,
        "most": MOST_SHARES,
        "months": MOST_MONTHS * len(Meter),
        "begins_at": period.starts_at,
        "ends_at": period.ends_at,
        "lines": NEWEST_LINES,
    }
    found: dict[str, list[tuple[str | None, int]]] = defaultdict(list)
    for kind, name, amount in prepared.fetch_all(FACTS, values):
        found[kind].append((name, amount))
    return Facts(
        days={date.fromisoformat(str(day)): amount for day, amount in found["day"]},
        shares={each: [_share(*row) for row in found[each.value]] for each in Sharer},
        lines=_lines(found["line"]),
        months=_months(found["month"], period.start),
        asked={Meter(str(meter)): amount for meter, amount in found["asked"]},
        mail_percents=sorted(int(str(percent)) for percent, _ in found["mail"]) or list(notices.THRESHOLDS),
    )


def names(sharers: Iterable[UUID]) -> dict[UUID, Name]:
    """What projects and members are called, asked of METERING_NAMES in one query, as far as it knows."""
    path, wanted = conf.names(), set(sharers)
    if not path or not wanted:
        return {}
    answer = cast(Callable[[set[UUID]], dict[UUID, tuple[str, str]]], import_string(path))(wanted)
    return {key: Name(text=text, url=url) for key, (text, url) in answer.items()}


def _share(name: str | None, amount: int) -> Share:
    return Share(sharer_id=UUID(name) if name else None, amount=amount)


def _lines(rows: list[tuple[str | None, int]]) -> list[UsageEvent]:
    found = [UsageEvent(amount=amount, **_fields(json.loads(str(text)))) for text, amount in rows]
    return sorted(found, key=lambda line: (line.at, line.pk), reverse=True)


def _fields(document: dict[str, Any]) -> dict[str, Any]:
    project_id = document["project_id"]
    return document | {
        "at": datetime.fromisoformat(document["at"]),
        "period_start": date.fromisoformat(document["period_start"]),
        "project_id": UUID(project_id) if project_id else None,
    }


def _months(rows: list[tuple[str | None, int]], this: date) -> dict[date, dict[Meter, int]]:
    used: dict[date, dict[Meter, int]] = {this: {}}
    for name, amount in rows:
        start, meter = str(name).split(" ")
        used.setdefault(date.fromisoformat(start), {})[Meter(meter)] = amount
    return used
