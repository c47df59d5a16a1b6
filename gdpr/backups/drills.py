"""Rehearse the emergency: restore a backup into scratch places, judge it, note how long it took, drop it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from gdpr.backups import aside, locks, verification
from gdpr.backups.catalogue import Level
from gdpr.backups.errors import BackupError
from gdpr.backups.manifests import Manifest
from gdpr.backups.stores import Store


def rehearse(manifest: Manifest, *, store: Store, identities: Sequence[Any]) -> dict[str, Any]:
    """Restore a backup aside and check everything about it; the facts, `seconds` being the recovery time.

    Raises Damaged, or BackupError with what the restored copy breaks.
    """
    began = time.monotonic()
    with locks.only_one():
        facts = verification.check(manifest, store=store, identities=identities)
        with aside.restored(manifest, store=store, identities=identities) as place:
            facts |= aside.settle(place, manifest, store=store, identities=identities, is_drill=True)
        if facts["faults"]:
            raise BackupError(f"It restores, but does not hold together: {' '.join(facts['faults'])}")
    seconds = time.monotonic() - began
    verification.note(manifest.id, Level.RESTORED, seconds=seconds, facts=facts, store=store)
    return {"id": manifest.id, "level": Level.RESTORED.value, "seconds": round(seconds, 3), **facts}
