"""Files that no row names: a process died between storing one and committing its row, or before deleting it.

Whole folders too: an import was killed before its workspace had a row.

A nightly task removes them. Nothing of a running process is among them, because they are a day old.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from cutroom.personal_data import StorageArea
from gdpr.data_map import data_map
from tenants import storage
from tenants.context import tenant_context
from tenants.models import Tenant

logger = logging.getLogger(__name__)

# Longer than any step, export or backup takes.
GRACE = timedelta(days=1)


def remove(*, at: datetime) -> int:
    """Delete what the store holds without a row, a day after it was written; how many files."""
    found = set(storage.folders())
    # Asked after the folders: a tenant that comes meanwhile is not judged.
    tenants = set(Tenant.objects.using("ops").values_list("pk", flat=True))
    removed = sum(_remove_in(area, tenant_id, at=at) for tenant_id in tenants for area in _judged())
    removed += sum(_remove_old(storage.folder_of(tenant_id), set(), at=at) for tenant_id in found - tenants)
    if removed:
        logger.info("leftovers_removed", extra={"files": removed})
    return removed


def _judged() -> list[StorageArea]:
    """Areas whose rows say which files there should be."""
    return [area for area in data_map().storage() if area.promised]


def _remove_in(area: StorageArea, tenant_id: UUID, *, at: datetime) -> int:
    with tenant_context(tenant_id):
        named = set(area.promised(tenant_id)) if area.promised else set()
    # Looked at after the rows: what is named later was written later.
    return _remove_old(f"{storage.folder_of(tenant_id)}/{area.area}", named, at=at)


def _remove_old(folder: str, named: set[str], *, at: datetime) -> int:
    found = storage.objects_below(folder, with_halves=True)
    old = [each.key for each in found if each.modified_at < at - GRACE and each.key not in named]
    for key in old:
        storage.delete_file(key)
    return len(old)
