"""Lists that may be long, kept as JSON lines in a file instead of in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Something that should be in the archive and is not: `what` as in a storage area, `name`, and why."""

    what: str
    name: str
    reason: str


class Listing:
    """Items added one by one and read again from the start, in the same order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._path.touch()
        self.count = 0

    def add(self, item: Any) -> None:
        """Add a dataclass."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(item), ensure_ascii=False) + "\n")
        self.count += 1

    def lines(self) -> Iterator[str]:
        """Each item as JSON on one line."""
        with self._path.open(encoding="utf-8") as file:
            for line in file:
                yield line.rstrip("\n")

    def items(self) -> Iterator[dict[str, Any]]:
        """Each item as a mapping."""
        return (json.loads(line) for line in self.lines())
