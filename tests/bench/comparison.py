"""Whether a run is worse than an earlier one: ratios only, since seconds belong to a machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.bench.table import Row

TOLERANCE = 1.2
RATIO = "×"


def latest(directory: Path) -> Path | None:
    """The file of the last run under `directory`; None before the first. Names sort by time."""
    return max(directory.glob("bench-*.json"), default=None)


def regressions(rows: Sequence[Row], earlier: Path) -> list[str]:
    """A sentence for each ratio that got more than a fifth worse than in the file of an earlier run."""
    known = {row["name"]: row for row in json.loads(earlier.read_text())["rows"]}
    return list(_worse(rows, known))


def _worse(rows: Sequence[Row], known: dict[str, Any]) -> Iterator[str]:
    for row in rows:
        before = known.get(row.name)
        if row.unit != RATIO or before is None or before["unit"] != RATIO:
            continue
        growth = row.result / before["result"] if row.bound == "at most" else before["result"] / row.result
        if growth > TOLERANCE:
            yield f"{row.name}: {row.result:.2f} {RATIO}, it was {before['result']:.2f} {RATIO}"
