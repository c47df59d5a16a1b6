"""Short operations timed in turns, so that whatever the machine does meanwhile meets all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median, quantiles

Work = Callable[[], object]
WARM_UP = 20


def quick_times(works: Mapping[str, Work], *, rounds: int = 9, repeats: int = 40) -> dict[str, float]:
    """Seconds that each work takes when nobody is in its way: a tenth of its runs were quicker.

    What others do on the machine only ever adds to a run, and to a median of many. The first round warms up
    and is left out.
    """
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            seconds = [seconds_of(work) for _ in range(repeats)]
            if number:
                taken[name] += seconds
    return {name: quantiles(seconds, n=10)[0] for name, seconds in taken.items()}


def typical_times(works: Mapping[str, Work], *, repeats: int) -> dict[str, float]:
    """Seconds that half of the runs of each work stay under (p50). They take turns run by run."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(WARM_UP + repeats):
        for name, work in works.items():
            seconds = seconds_of(work)
            if number >= WARM_UP:
                taken[name].append(seconds)
    return {name: median(seconds) for name, seconds in taken.items()}


def seconds_of(work: Work) -> float:
    """How long one run takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
