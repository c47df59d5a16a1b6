"""A stored output that is no longer what it was is made anew, instead of failing every render."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from rendering import conf, outcomes
from rendering.leases import Claim
from rendering.media.outputs import checksum
from rendering.models import CacheEntry, RenderStep, StepState
from tenants import storage
from tenants.context import tenant_context

logger = logging.getLogger(__name__)


def mend(claim: Claim, step: RenderStep) -> bool:
    """Have the damaged inputs of a step made anew, and the step placed again when they are there.

    False when its inputs are whole, or cannot be made anew: an upload that is gone, a step tried too often.
    """
    with tenant_context(claim.tenant_id):
        damaged = {key for key in _inputs_of(step) if not _is_whole(key)}
        if not damaged or not outcomes.is_ours(claim):
            return False
        makers = RenderStep.objects.filter(job=step.job_id, state=StepState.SUCCEEDED)
        made = [maker for maker in makers if maker.output.get("storage_key") in damaged]
        if {maker.output["storage_key"] for maker in made} != damaged or not all(map(_may_try, made)):
            return False
        CacheEntry.objects.filter(storage_key__in=damaged).delete()
        RenderStep.objects.filter(pk=step.pk).delete()
        for maker in made:
            maker.failures += 1
            outcomes.again(maker, delay_seconds=0.0)
    logger.error("stored_output_damaged", extra={"job_id": step.job_id, "files": len(damaged)})
    return True


def _inputs_of(step: RenderStep) -> Iterator[str]:
    """Storage keys of everything the step reads."""
    return _texts(step.inputs.get("files"))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif value:
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _is_whole(key: str) -> bool:
    """Is the file there, and does it hold what it held when it was verified?"""
    entry = CacheEntry.objects.filter(storage_key=key).first()
    try:
        size_bytes = storage.file_size(key)
        return entry is None or (size_bytes == entry.size_bytes and _is_unchanged(entry))
    except FileNotFoundError:
        return False
    except OSError:
        # The store itself has a problem; its objects are not judged by that.
        return True


def _is_unchanged(entry: CacheEntry) -> bool:
    # Older versions kept no checksum, and a store far away is read only where there is one.
    wanted = entry.output.get("checksum")
    if wanted is None:
        return True
    with storage.local_path(entry.storage_key) as path:
        return bool(checksum(path) == wanted)


def _may_try(maker: RenderStep) -> bool:
    return "asset" not in maker.inputs and maker.failures + 1 < conf.max_failures()
