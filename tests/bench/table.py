"""The table of results: a Markdown table for people, JSON for keeping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

HEADER = ("Against", "Ours", "Theirs", "Result", "Target", "Held")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One promise about speed: what was measured, the number judged, and the bound it must keep.

    `ours` and `theirs` are for reading; `result` is compared with `target`.
    """

    name: str
    ours: str
    theirs: str
    result: float
    target: float
    bound: Literal["at least", "at most"]
    unit: str = "×"
    note: str = ""

    @property
    def is_held(self) -> bool:
        """Is the promise kept?"""
        return self.result >= self.target if self.bound == "at least" else self.result <= self.target

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of HEADER."""
        target = f"{self.bound} {_number(self.target)} {self.unit}".strip()
        result = f"{_number(self.result)} {self.unit}".strip()
        return (self.name, self.ours, self.theirs, result, target, "yes" if self.is_held else "NO")

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {**asdict(self), "is_held": self.is_held}


def markdown(rows: Sequence[Row]) -> str:
    """All rows, and under them what has to be known to read them."""
    lines = [_line(HEADER), _line(["---"] * len(HEADER)), *(_line(row.cells()) for row in rows)]
    notes = [f"- {row.name}: {row.note}" for row in rows if row.note]
    return "\n".join([*lines, *(["", *notes] if notes else [])])


def markdown_of_phases(phases: dict[str, Any]) -> str:
    """A render's phases (see phases.Phases.to_json) as a table and one sentence."""
    lines = [_line(("Step", "Steps", "Cached", "Seconds")), _line(["---"] * 4)]
    for kind, of_kind in phases["kinds"].items():
        lines.append(_line((kind, of_kind["steps"], of_kind["cached"], f"{of_kind['seconds']:.2f}")))
    busy = ", ".join(
        f"{seconds:.2f} s with {count} at work"
        for count, seconds in phases["seconds_by_busy_workers"].items()
    )
    lines += [
        "",
        f"{phases['seconds']:.2f} s in all: {busy}. Workers idle {phases['idle_share']:.0%} of the time, "
        f"{phases['before_first']:.3f} s before the first step, {phases['between_steps'] * 1000:.0f} ms "
        "between two steps of a worker.",
    ]
    return "\n".join(lines)


def _line(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
