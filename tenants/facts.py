"""What is known of a stored object without reading it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One stored object; `version` is the store's own mark of its content, if it has one."""

    key: str
    size_bytes: int
    modified_at: datetime
    version: str = ""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the object does."""
        mark = self.version or self.modified_at.timestamp()
        return hashlib.sha256(f"{self.key}:{self.size_bytes}:{mark}".encode()).hexdigest()[:32]


class Bucket(Protocol):
    """What a store without folders answers better than by listing them (tenants/buckets.py)."""

    def facts(self, key: str) -> Facts: ...

    def below(self, prefix: str) -> Iterator[Facts]: ...

    def remove_below(self, prefix: str) -> int: ...

    def left_below(self, prefix: str) -> int: ...
