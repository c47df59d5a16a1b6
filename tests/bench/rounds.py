"""Short operations timed in turns, so that whatever the machine does meanwhile meets all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median, quantiles

Work = Callable[[], object]
WARM_UP = 20


def quick_times(works: Mapping[str, Work], *, rounds: int = 9, repeats: int = 40) -> dict[str, float]:
    """Seconds that each work takes when nobody is in its way: a tenth of its runs were quicker.

    They take turns run by run, so a busy second of the machine meets all of them. What others do only ever
    adds to a run, and to a median of many. The first round warms up and is left out.
    """
    taken = runs_of(works, times=(rounds + 1) * repeats)
    return {name: quantiles(seconds[repeats:], n=10)[0] for name, seconds in taken.items()}


def usual_times(works: Mapping[str, Work], *, times: int) -> dict[str, float]:
    """Seconds that half of the runs of each work took at most; the first tenth warms up and is left out."""
    taken = runs_of(works, times=times)
    return {name: median(seconds[times // 10 :]) for name, seconds in taken.items()}


def runs_of(works: Mapping[str, Work], *, times: int) -> dict[str, list[float]]:
    """The seconds of each run of each work, in turns."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(times):
        for name, work in works.items():
            taken[name].append(seconds_of(work))
    return taken


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
