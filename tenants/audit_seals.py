"""Sealing the audit log: what the chain was at some moment, signed and kept outside the database.

A chain alone cannot show that its tail was cut off or that it was written anew from the start. A checkpoint
can: whoever changes the database cannot sign. Segments and checkpoints lie under `tenants/{id}/audit/`.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import IntegrityError, connections, transaction

from cutroom import clock, signatures
from cutroom.crash_points import crash_at
from tenants import storage
from tenants.audit_lines import GENESIS, Link, links
from tenants.errors import AuditChainBroken
from tenants.models import AuditCheckpoint

logger = logging.getLogger(__name__)

KIND = "audit checkpoint"
ENTRIES_AT_MOST = 50_000

_UNSEALED = """
SELECT tenant.id FROM tenants_tenant tenant
WHERE (SELECT max(sequence) FROM tenants_auditlink WHERE tenant_id = tenant.id)
    > coalesce((SELECT max(last) FROM tenants_auditcheckpoint WHERE tenant_id = tenant.id), 0)
"""


def seal_all() -> int:
    """Seal what every tenant recorded since its last checkpoint; returns how many checkpoints were made.

    A chain that does not verify is not signed: it is logged, and the other tenants go on.
    """
    with connections["ops"].cursor() as cursor:
        cursor.execute(_UNSEALED)
        tenants = [tenant_id for (tenant_id,) in cursor.fetchall()]
    made = sum(_seal_whole(tenant_id) for tenant_id in tenants)
    store_pending()
    return made


def seal(tenant_id: UUID, *, at: datetime) -> AuditCheckpoint | None:
    """Sign the chain as far as it goes, 50,000 entries at most. None when nothing is new.

    `store_pending` then stores what was signed. Raises AuditChainBroken.
    """
    before = AuditCheckpoint.everywhere.using("ops").filter(tenant_id=tenant_id).order_by("number").last()
    first = before.last + 1 if before else 1
    head = _head(tenant_id, first=first, previous=before.hash if before else GENESIS)
    if head is None:
        return None
    checkpoint = AuditCheckpoint(
        tenant_id=tenant_id,
        number=before.number + 1 if before else 1,
        first=first,
        last=head.sequence,
        hash=head.hash,
        created_at=at,
    )
    checkpoint.document = signatures.sign(_statement(checkpoint, before=before))
    try:
        checkpoint.save(using="ops", force_insert=True)
    except IntegrityError:
        # Another process sealed the same stretch.
        return None
    return checkpoint


def store_pending() -> None:
    """Store the segment and the document of every checkpoint that is not in the store yet."""
    for checkpoint in AuditCheckpoint.everywhere.using("ops").filter(stored_at=None).order_by("created_at"):
        with tempfile.TemporaryDirectory(prefix="cutroom-audit-") as directory:
            segment, document = Path(directory, "segment"), Path(directory, "document")
            _write_segment(checkpoint, segment)
            document.write_bytes(bytes(checkpoint.document))
            crash_at("audit-signed")
            storage.store_file(key_of(checkpoint, "jsonl"), segment)
            crash_at("audit-half-stored")
            storage.store_file(key_of(checkpoint, "checkpoint"), document)
            crash_at("audit-stored")
        checkpoint.stored_at = clock.now()
        checkpoint.save(using="ops", update_fields=["stored_at"])


def key_of(checkpoint: AuditCheckpoint, ending: str) -> str:
    """Where a checkpoint's segment (`jsonl`) or document (`checkpoint`) lies in the store."""
    name = f"{checkpoint.number:06d}.{ending}"
    return storage.storage_key(tenant_id=checkpoint.tenant_id, area="audit", name=name)


def fingerprint(document: bytes) -> str:
    """SHA-256 (hex) of a signed document; the next checkpoint names it."""
    return hashlib.sha256(document).hexdigest()


def _seal_whole(tenant_id: UUID) -> int:
    made = 0
    try:
        while seal(tenant_id, at=clock.now()):
            made += 1
    except AuditChainBroken as error:
        logger.error("audit_chain_broken", extra={"tenant_id": tenant_id, "sequence": error.sequence})
    return made


def _statement(checkpoint: AuditCheckpoint, *, before: AuditCheckpoint | None) -> dict[str, object]:
    return {
        "kind": KIND,
        "tenant_id": str(checkpoint.tenant_id),
        "number": checkpoint.number,
        "first": checkpoint.first,
        "last": checkpoint.last,
        "hash": checkpoint.hash,
        "previous": fingerprint(bytes(before.document)) if before else GENESIS,
        "at": checkpoint.created_at.isoformat(),
    }


def _head(tenant_id: UUID, *, first: int, previous: str) -> Link | None:
    """The last link of the chain from `first` on, each of them verified on the way."""
    head = None
    with transaction.atomic(using="ops"):
        stretch = links(tenant_id, first=first, last=first + ENTRIES_AT_MOST - 1, using="ops")
        for sequence, link in enumerate(stretch, start=first):
            if (link.sequence, link.previous) != (sequence, previous) or not link.is_true:
                raise AuditChainBroken(sequence)
            head, previous = link, link.hash
    return head


def _write_segment(checkpoint: AuditCheckpoint, path: Path) -> None:
    stretch = {"first": checkpoint.first, "last": checkpoint.last}
    with path.open("w", encoding="utf-8", newline="\n") as file, transaction.atomic(using="ops"):
        file.writelines(f"{link.line}\n" for link in links(checkpoint.tenant_id, **stretch, using="ops"))
