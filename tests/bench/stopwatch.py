"""What a piece of work took: seconds by the clock, and seconds of processor time of child processes."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Effort:
    """Seconds by the clock and of processor time."""

    seconds: float
    cpu_seconds: float

    def times(self, factor: float) -> Effort:
        """The effort for `factor` times as much of the same work."""
        return Effort(seconds=self.seconds * factor, cpu_seconds=self.cpu_seconds * factor)


def usual(efforts: Sequence[Effort]) -> Effort:
    """The one in the middle by the clock."""
    return sorted(efforts, key=lambda effort: effort.seconds)[len(efforts) // 2]


def effort_of_children(work: Callable[[], object]) -> Effort:
    """Do the work; count the child processes that started and ended within it."""
    cpu_seconds, seconds = _children_cpu_seconds(), time.monotonic()
    work()
    return Effort(seconds=time.monotonic() - seconds, cpu_seconds=_children_cpu_seconds() - cpu_seconds)


def _children_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
