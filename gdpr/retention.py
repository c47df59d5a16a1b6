"""How long each stream is kept: one table, made from the data map, that the hourly purge goes through."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet

from cutroom.personal_data import Kept
from gdpr import conf
from gdpr.data_map import Model, data_map
from gdpr.erasure import holds
from tenants import storage

logger = logging.getLogger(__name__)

BATCH = 5_000
# The name under which rows are counted that a law let go of.
HELD = "rows no longer kept by law"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One line of the table: rows of `each` go when they are `days` old."""

    each: Model
    stream: str
    purpose: str
    days: int

    def stale(self, at: datetime) -> QuerySet[Any]:
        """Rows whose time is over, of every tenant."""
        kept = self.each.table.kept
        limit: date = at - timedelta(days=self.days)
        if not isinstance(self.each.model._meta.get_field(kept.since), models.DateTimeField):
            limit = limit.date() if isinstance(limit, datetime) else limit
        rows = self.each.model._base_manager.using("ops")
        return rows.filter(**{f"{kept.since}__lt": limit}, **kept.only)


def table() -> list[Rule]:
    """The retention table of this installation, rows that others refer to last."""
    found = [
        Rule(each=each, stream=each.table.kept.stream, purpose=each.table.purpose, days=days)
        for each in data_map().models()
        if (days := days_of(each.table.kept)) is not None
    ]
    return found[::-1]


def purge(*, at: datetime) -> dict[str, int]:
    """Delete everything whose time is over, in small batches; how many rows of each stream went.

    A stream that fails does not keep the others from being purged; it is logged, and tried an hour later.
    """
    removed: dict[str, int] = {}
    for rule in table():
        try:
            count = sum(_batches(rule, at=at))
        except Exception:
            logger.exception("retention_failed", extra={"stream": rule.stream, "table": rule.each.label})
            continue
        removed[rule.stream] = removed.get(rule.stream, 0) + count
    removed[HELD] = holds.release(at=at)
    logger.info("retention_done", extra={"removed": removed})
    return removed


def days_of(kept: Kept) -> int | None:
    """Days after which rows go: the installation's choice, else the declared ones; None keeps them."""
    return conf.retention_days().get(kept.stream, kept.days) if kept.stream else None


def words(kept: Kept) -> str:
    """The period in words; the installation's own days replace those of the declaration."""
    days = days_of(kept)
    if days is None or days == kept.days:
        return kept.text
    return f"{days} days"


def _batches(rule: Rule, *, at: datetime) -> Iterator[int]:
    """In small ones, so that no lock is held for long."""
    rows = rule.stale(at)
    while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic(using=rows.db):
            chosen = rows.filter(pk__in=keys)
            if rule.each.table.file:
                _delete_files(chosen.select_for_update(), column=rule.each.table.file)
            chosen.delete()
        yield len(keys)


def _delete_files(rows: QuerySet[Any], *, column: str) -> None:
    """Before their rows, which stay locked meanwhile: a file without a row would be found by nobody."""
    for key in rows.values_list(column, flat=True):
        if key:
            storage.delete_file(key)
