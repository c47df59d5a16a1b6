"""Mails that people may do without. Sign-in, security, payment and deletion are told to everybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from accounts.models import UnwantedMail

OPTIONAL: dict[str, str] = {
    "export_ready": "An export is ready",
    "usage_threshold": "A limit of the workspace comes near",
    "usage_reset": "A meter that was full starts again",
}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One kind of mail, and whether the person wants it."""

    kind: str
    label: str
    is_wanted: bool


def of(user_id: UUID) -> list[Choice]:
    """Every optional kind with the person's choice; all are wanted at first."""
    unwanted = set(UnwantedMail.objects.filter(user_id=user_id).values_list("kind", flat=True))
    return [
        Choice(kind=kind, label=label, is_wanted=kind not in unwanted) for kind, label in OPTIONAL.items()
    ]


@transaction.atomic
def choose(user_id: UUID, *, wanted: Iterable[str]) -> None:
    """Want these kinds and no others. Unknown ones are nothing that is ever sent."""
    unwanted = set(OPTIONAL) - set(wanted)
    rows = UnwantedMail.objects.filter(user_id=user_id)
    rows.exclude(kind__in=unwanted).delete()
    new = [UnwantedMail(user_id=user_id, kind=kind) for kind in sorted(unwanted)]
    UnwantedMail.objects.bulk_create(new, ignore_conflicts=True)


def is_unwanted(kind: str, *, address: str) -> bool:
    """Does whoever has this address do without mails of a kind? No query for those that are always sent."""
    return kind in OPTIONAL and UnwantedMail.objects.filter(user__email=address, kind=kind).exists()
