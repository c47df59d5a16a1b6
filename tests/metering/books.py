"""A plain model of the books: what the services must come to, told in a few lines of Python.

A slot is a meter in a period. The model knows nothing of rows, locks or SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from metering.meters import Meter
from metering.models import OverrideKind
from metering.periods import LEVEL_START, month_of

LEASE = timedelta(days=1)
PLANS: dict[str, dict[Meter, int]] = {
    "free": {Meter.IMAGES: 10, Meter.UPLOADS: 7},
    "large": {Meter.IMAGES: 25, Meter.UPLOADS: 20},
    "unlimited": {},
}

Slot = tuple[Meter, date]


def slot_of(meter: Meter, at: datetime) -> Slot:
    return meter, LEVEL_START if meter.is_level else month_of(at).start


@dataclass
class Part:
    """What one key still holds of one meter."""

    slot: Slot
    rest: int
    lease_until: datetime


@dataclass(frozen=True)
class Line:
    """A line of the ledger."""

    slot: Slot
    amount: int


class Model:
    """The tenant's plan, overrides, credits, what it used and holds, and every key there was."""

    def __init__(self) -> None:
        self.plan = "free"
        self.overrides: dict[Meter, tuple[OverrideKind, int | None]] = {}
        self.credits: dict[Meter, int] = defaultdict(int)
        self.credited: dict[Slot, int] = defaultdict(int)
        self.used: dict[Slot, int] = defaultdict(int)
        self.held: dict[Slot, int] = defaultdict(int)
        self.parts: dict[tuple[str, Meter], Part] = {}
        self.lines: dict[str, Line] = {}
        self.corrected: dict[str, int] = defaultdict(int)

    def limit(self, meter: Meter) -> int | None:
        """The limit in force: the plan's, or what an override makes of it."""
        of_plan = PLANS[self.plan].get(meter)
        kind, amount = self.overrides.get(meter, (OverrideKind.AT_LEAST, 0))
        if kind == OverrideKind.EXACTLY:
            return amount
        return None if of_plan is None or amount is None else max(of_plan, amount)

    def fresh(self, key: str, wanted: Mapping[Meter, int]) -> dict[Meter, int]:
        """What of a wish was not reserved before under its key."""
        return {
            meter: amount for meter, amount in wanted.items() if amount and (key, meter) not in self.parts
        }

    def admits(self, wanted: Mapping[Meter, int], at: datetime) -> bool:
        """Do limits, and credits beyond them, have room for all of it?"""
        return all(self._beyond(meter, amount, at) <= self.credits[meter] for meter, amount in wanted.items())

    def reserve(self, key: str, wanted: Mapping[Meter, int], at: datetime) -> None:
        for meter, amount in wanted.items():
            slot, beyond = slot_of(meter, at), self._beyond(meter, amount, at)
            self.credits[meter] -= beyond
            self.credited[slot] += beyond
            self.held[slot] += amount
            self.parts[key, meter] = Part(slot, amount, at + LEASE)

    def settle(self, key: str, event: str, meter: Meter, amount: int, at: datetime) -> None:
        if event in self.lines:
            return
        part = self.parts.get((key, meter))
        slot = part.slot if part else slot_of(meter, at)
        if part and part.rest:
            part.lease_until = max(part.lease_until, at + LEASE)
            self.held[slot] -= min(part.rest, amount)
            part.rest -= min(part.rest, amount)
        self._write(event, slot, amount)

    def record_level(self, event: str, meter: Meter, delta: int, at: datetime) -> None:
        if event not in self.lines:
            self._write(event, slot_of(meter, at), delta)

    def release(self, key: str) -> None:
        for (other, _), part in self.parts.items():
            if other == key:
                self._free(part)

    def expire(self, at: datetime) -> None:
        for part in self.parts.values():
            if part.lease_until < at:
                self._free(part)

    def can_correct(self, event: str, amount: int) -> bool:
        """May so much be taken back of a line, after what was taken back before?"""
        line = self.lines[event]
        return amount >= 0 or line.amount < 0 or line.amount + self.corrected[event] + amount >= 0

    def correct(self, event: str, key: str, amount: int) -> None:
        self.corrected[event] += amount
        self._write(key, self.lines[event].slot, amount)

    def reset(self, at: datetime) -> None:
        for meter in Meter:
            slot = slot_of(meter, at)
            if not meter.is_level:
                self.used[slot] = min(self.used[slot], self.credited[slot])

    def _beyond(self, meter: Meter, amount: int, at: datetime) -> int:
        limit, slot = self.limit(meter), slot_of(meter, at)
        if limit is None:
            return 0
        by_plan = self.used[slot] + self.held[slot] - self.credited[slot]
        return max(amount - max(limit - by_plan, 0), 0)

    def _free(self, part: Part) -> None:
        given_back = min(self.credited[part.slot], part.rest)
        self.credited[part.slot] -= given_back
        self.credits[part.slot[0]] += given_back
        self.held[part.slot] -= part.rest
        part.rest = 0

    def _write(self, key: str, slot: Slot, amount: int) -> None:
        self.lines[key] = Line(slot, amount)
        self.used[slot] += amount
