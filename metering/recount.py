"""Storage is metered by what is added and deleted. Every night the store itself is counted, as a check.

A file may be stored a moment before the transaction that meters it commits, so a difference counts as one
only when the next count finds the very same. Then a line of the ledger corrects the level.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from metering import services
from metering.meters import Meter
from metering.models import QuotaCounter, StorageCount
from metering.periods import LEVEL_START
from tenants import audit, storage
from tenants import conf as tenants_conf
from tenants.context import tenant_context

# What people may keep and delete; the cache, exports and audit segments are ours.
AREAS = ("assets", "videos")
# Longer than any transaction lives.
APART = timedelta(minutes=5)

logger = logging.getLogger(__name__)


class Outcome(Enum):
    """What a count of the store found."""

    EXACT = auto()
    SUSPECT = auto()
    CORRECTED = auto()


def _areas() -> list[str]:
    return [area for area in AREAS if area in tenants_conf.storage_areas()]


def recount(tenant_id: UUID, at: datetime) -> Outcome:
    """Count what a tenant has in the store. A difference is SUSPECT until a later count confirms it."""
    stored = sum(storage.stored_bytes(tenant_id=tenant_id, area=area) for area in _areas())
    with tenant_context(tenant_id):
        count = StorageCount(tenant_id=tenant_id, at=at, stored_bytes=stored, level_bytes=_level())
        difference = count.stored_bytes - count.level_bytes
        if difference == _difference_before(at - APART):
            count.corrected_bytes = difference
        count.save()
        if count.corrected_bytes:
            _correct(count)
    if not difference:
        return Outcome.EXACT
    return Outcome.CORRECTED if count.corrected_bytes else Outcome.SUSPECT


def _difference_before(at: datetime) -> int:
    before = StorageCount.objects.filter(at__lte=at).order_by("-at").first()
    return before.stored_bytes - before.level_bytes - before.corrected_bytes if before else 0


def _level() -> int:
    counter = QuotaCounter.objects.filter(meter=Meter.STORAGE, period_start=LEVEL_START).first()
    return counter.used if counter else 0


def _correct(count: StorageCount) -> None:
    services.record_level(
        tenant_id=count.tenant_id,
        event_key=f"recount:{count.pk}",
        meter=Meter.STORAGE,
        delta=count.corrected_bytes,
        subject="recount",
        at=count.at,
    )
    detail = {"stored_bytes": count.stored_bytes, "level_bytes": count.level_bytes}
    audit.record("storage.recounted", target=f"count:{count.pk}", detail=detail)
    logger.warning("storage_recounted", extra={"tenant_id": str(count.tenant_id), **detail})
