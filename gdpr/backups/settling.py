"""What happens inside a restored copy before anybody may use it: it is judged, cleansed and made safe."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connections

from accounts import credentials
from gdpr.backups import manifests, media, sealing, status
from gdpr.backups.stores import Store
from gdpr.conf import instance
from gdpr.data_map import data_map
from gdpr.erasure import ledger, local
from metering import reconciliation
from tenants import audit_verification, holding, storage
from tenants.audit_anchors import Kind
from tenants.context import tenant_context
from tenants.models import Tenant

MAX_NAMED = 20


def judge(*, at: datetime, held: Iterable[str]) -> dict[str, Any]:
    """Does the copy hold together? `faults` names what does not, each in a sentence.

    `held` are the lines of a list of files that will be there, though they are not there yet.
    """
    entries, broken = _audit_faults(at=at)
    unequal = [str(balance.tenant_id) for balance in reconciliation.balances() if not balance.is_exact]
    lost = set(_lost_files())
    lost -= {name for line in held if (name := line.rstrip("\n")) in lost}
    faults = [f"The usage counters of tenant {tenant} differ from the ledger." for tenant in unequal]
    faults += [f"The file {name} is known to the database, but not there." for name in sorted(lost)]
    faults += broken
    return {"faults": faults[:MAX_NAMED], "fault_count": len(faults), "audit_entries": entries}


def replay_erasures(*, store: Store) -> dict[str, Any]:
    """Erase again whoever was erased before or after the backup; `erased` lists the tenants' ids.

    Raises Damaged when the ledger cannot be trusted.
    """
    erased, removed = [], 0
    for entry in ledger.entries(store):
        removed += local.purge(entry.scope, entry.subject)
        local.forget_wish(entry.subject)
        if entry.scope is ledger.Scope.TENANT:
            erased.append(str(entry.subject))
    return {"erased": erased, "erased_again": removed}


def make_safe(backup_id: str, *, store: Store, at: datetime, keeps_api_keys: bool) -> dict[str, Any]:
    """End every credential, hold mail and webhooks, and bring what is known of backups up to the store."""
    ended = credentials.end_all(at=at, keeps_api_keys=keeps_api_keys)
    holding.hold(f"restored from backup {backup_id}", at=at)
    _rebuild_index(backup_id, store=store)
    status.synchronise(store, at=at)
    return {"ended": ended}


def _audit_faults(*, at: datetime) -> tuple[int, list[str]]:
    """How many audit entries were followed along their chains, and what is wrong with them."""
    entries, faults = 0, []
    for tenant_id in Tenant.objects.using("ops").values_list("pk", flat=True).iterator():
        report = audit_verification.verify(tenant_id, at=at)
        entries += report.entries
        # Nobody seals a copy, so that is no news here.
        problems = [problem for problem in report.problems if problem.kind is not Kind.UNSEALED]
        faults += [f"The audit log of tenant {tenant_id}: {problem.detail}" for problem in problems]
    return entries, faults


def _lost_files() -> list[str]:
    promising = [area.promised for area in data_map().storage() if area.promised]
    found: list[str] = []
    for tenant_id in Tenant.objects.using("ops").values_list("pk", flat=True).iterator():
        with tenant_context(tenant_id):
            keys = (key for promised in promising for key in promised(tenant_id))
            found += [key for key in keys if key and not storage.file_exists(key)]
    return found


def _rebuild_index(backup_id: str, *, store: Store) -> None:
    """Keep of the index of stored media only what this backup needs: other objects may be gone by now."""
    part = manifests.load(backup_id, store=store, instance=instance()).parts.get("objects")
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE needed (name text PRIMARY KEY)")
        if part is not None:
            for line in sealing.plain_lines(part, store=store):
                cursor.execute("INSERT INTO needed VALUES (%s)", [media.object_of(line)[0]])
        cursor.execute("DELETE FROM gdpr_backedupfile WHERE object_name NOT IN (SELECT name FROM needed)")
        cursor.execute("DROP TABLE needed")
