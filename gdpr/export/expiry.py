"""The end of exports, and the finding of those whose doorbell was lost."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from cutroom import dispatch
from gdpr.export.making import archive_key
from gdpr.export.models import Export, ExportState
from tenants import storage

_EXPORTS = Export.everywhere.using("ops")
# A doorbell is answered sooner; after this it counts as lost.
_PATIENCE = timedelta(seconds=10)


def sweep(*, at: datetime) -> int:
    """Delete archives whose time is over, and ring for exports that nobody makes; how many were deleted."""
    waiting = Q(state=ExportState.QUEUED, created_at__lt=at - _PATIENCE)
    if _EXPORTS.filter(waiting | Q(state=ExportState.MAKING, lease_until__lt=at)).exists():
        dispatch.ring("gdpr.make_exports")
    over = _EXPORTS.filter(state=ExportState.READY, expires_at__lte=at)
    return sum(_expire(export) for export in over.iterator())


def _expire(export: Export) -> bool:
    # The file first: a process that dies in between leaves a row that still says what to do.
    storage.delete_file(archive_key(export))
    return bool(_EXPORTS.filter(pk=export.pk, state=ExportState.READY).update(state=ExportState.EXPIRED))
