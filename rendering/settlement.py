"""What a render costs: held when it is accepted, settled when it succeeds, given back otherwise."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from metering import services as metering
from metering.meters import Meter
from rendering.models import CacheEntry, RenderJob, RenderStep


def reservation_key(job: RenderJob) -> str:
    """Each retry holds anew, under its own key."""
    return f"render:{job.pk}:{job.retries}"


def hold(job: RenderJob, amounts: dict[str, int], *, at: datetime) -> None:
    """Reserve the estimate for the job. Raises QuotaExceeded and holds nothing if any meter has no room."""
    metering.reserve(
        tenant_id=job.tenant_id,
        key=reservation_key(job),
        amounts={Meter(name): amount for name, amount in amounts.items() if amount},
        at=at,
    )


def give_back(job: RenderJob) -> None:
    """Release whatever the job still holds. Safe to repeat."""
    metering.release(tenant_id=job.tenant_id, reservation_key=reservation_key(job))


def settle(job: RenderJob, *, at: datetime) -> dict[str, int]:
    """Charge a succeeded job for the work that was new, once; returns what was charged, per meter.

    Runs in the transaction that makes the job succeeded, so the ledger and the video agree for ever.
    """
    steps = list(RenderStep.objects.filter(job=job).only("charges", "cache_key"))
    charged: Counter[str] = Counter()
    for step in steps:
        charged.update(step.charges)
    for name, amount in sorted(charged.items()):
        metering.settle(
            tenant_id=job.tenant_id,
            reservation_key=reservation_key(job),
            event_key=f"render:{job.pk}:{name}",
            meter=Meter(name),
            amount=amount,
            subject=f"render:{job.pk}",
            project_id=job.project_id,
            user_id=job.created_by,
            at=at,
        )
    give_back(job)
    CacheEntry.objects.filter(key__in={step.cache_key for step in steps}).exclude(unpaid={}).update(unpaid={})
    return dict(charged)


def store_level(job: RenderJob, *, delta_bytes: int, reason: str, at: datetime) -> None:
    """Move the storage level by the size of the job's video."""
    metering.record_level(
        tenant_id=job.tenant_id,
        event_key=f"video:{job.pk}:{reason}",
        meter=Meter.STORAGE,
        delta=delta_bytes,
        subject=f"render:{job.pk}",
        project_id=job.project_id,
        user_id=job.created_by,
        at=at,
    )
