"""What an app says about the personal data in its tables. gdpr reads it; this storey only has the words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Held:
    """Personal data in one table: which columns, why, on which legal basis (GDPR article 6), for how long."""

    table: str
    columns: Sequence[str]
    purpose: str
    basis: str
    retention: str


class PersonalData(Protocol):
    """The module `<app>.personal_data` as gdpr uses it. Both calls run inside tenant_context."""

    held: Sequence[Held]

    def export(self, tenant_id: UUID) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every row to hand over, as (file name in the archive, record)."""

    def erase(self, tenant_id: UUID) -> int:
        """Remove the tenant's rows and files of this app; how many. Again: nothing left, 0."""
