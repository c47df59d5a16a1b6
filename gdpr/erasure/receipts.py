"""The receipt of an erasure: what was removed where, signed, and without a word about whom."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core.mail import EmailMessage
from django.db.models import Count
from django.template.loader import render_to_string

from cutroom import clock, signatures
from gdpr import conf, data_map
from gdpr.models import Erasure, LegalHold

KIND = "cutroom-erasure-receipt/1"


def write(erasure: Erasure) -> int:
    """Sign what was done, and keep it; the size in bytes."""
    erasure.receipt = signatures.sign(document(erasure))
    erasure.save(update_fields=["receipt"])
    return len(erasure.receipt)


def document(erasure: Erasure) -> dict[str, Any]:
    """What a receipt states. Counts by store, laws that keep something, nothing about a person."""
    now = clock.now()
    return {
        "kind": KIND,
        "id": str(erasure.pk),
        "scope": erasure.scope,
        "requested_at": erasure.requested_at.isoformat(),
        "erased_at": now.isoformat(),
        "counts": dict(erasure.counts),
        "kept_by_law": _kept(erasure),
        "gone_from_backups_by": (now + conf.backup_kept()).date().isoformat(),
        "data_map_sha256": _fingerprint(),
    }


def mail(erasure: Erasure) -> None:
    """Send the receipt, past the outbox, which would keep the addresses. Raises what mail raises."""
    context = {"erasure": erasure, "site_url": conf.site_url()}
    for address in erasure.contacts:
        subject = render_to_string("emails/accounts/erasure_done.subject", context).strip()
        message = EmailMessage(
            subject, render_to_string("emails/accounts/erasure_done.txt", context), to=[address]
        )
        message.attach("cutroom-receipt.txt", bytes(erasure.receipt), "application/octet-stream")
        message.send()


def _kept(erasure: Erasure) -> list[dict[str, Any]]:
    subjects = [erasure.subject, *erasure.people]
    held = LegalHold.objects.filter(subject__in=subjects).values("model", "statute", "until")
    rows = held.annotate(rows=Count("pk")).order_by("model", "until")
    return [{**row, "until": row["until"].isoformat()} for row in rows]


def _fingerprint() -> str:
    """SHA-256 of the tables and columns that the purge went by."""
    lines = [f"{each.label}:{','.join(each.table.field_names)}" for each in data_map.data_map().models()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
