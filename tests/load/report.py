"""From answers and sights to tables: percentiles by deed, and by stage what was done and what gave first."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.load.watch import Sight

SLOW_MS = 1000
# Answers of the first few are not judged: a process that runs for days was cold once.
WARM_UP = "warm-up"
PROMISED = "promised"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One request as a user saw it."""

    stage: str
    name: str
    ms: float
    error: str


@dataclass(frozen=True, kw_only=True)
class Stage:
    """So many users for so many seconds."""

    name: str
    users: int
    seconds: int


@dataclass(frozen=True, kw_only=True)
class Times:
    """Requests of one kind: milliseconds within which half, 95 and 99 of 100 were answered."""

    requests: int
    failures: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, kw_only=True)
class StageResult:
    """What one stage came to. `cores` is what each part kept busy on average."""

    stage: Stage
    times: Times
    requests_per_second: float
    queue_seconds: float
    steps_per_second: float
    videos_per_minute: float
    connections: int
    cores: dict[str, float]


def read(path: Path) -> list[Answer]:
    """The answers that the users wrote down."""
    return [Answer(**json.loads(line)) for line in path.read_text().splitlines()]


def times_by(answers: Iterable[Answer], key: Callable[[Answer], str]) -> dict[str, Times]:
    """Percentiles of groups, in the order of their names."""
    groups: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        groups[key(answer)].append(answer)
    return {name: _times(groups[name]) for name in sorted(groups)}


def stage_results(
    stages: Sequence[Stage], answers: Sequence[Answer], sights: Sequence[Sight]
) -> list[StageResult]:
    """One result a stage; the first sight is from when the first stage began."""
    times = times_by(answers, lambda answer: answer.stage)
    found, begin = [], 0
    for stage in stages:
        seen = [sight for sight in sights if begin <= sight.at < begin + stage.seconds]
        begin += stage.seconds
        if stage.name in times and stage.name != WARM_UP and len(seen) > 1:
            found.append(_stage_result(stage, times[stage.name], seen))
    return found


def knee(results: Sequence[StageResult]) -> StageResult | None:
    """The first stage in which one of twenty waited for more than a second, or something failed."""
    return next((each for each in results if each.times.p95 > SLOW_MS or each.times.failures), None)


def markdown(by_name: dict[str, Times], results: Sequence[StageResult]) -> str:
    """Both tables."""
    lines = ["| Request | Count | Failed | p50 ms | p95 ms | p99 ms |", "|---|--:|--:|--:|--:|--:|"]
    lines += [f"| {name} | {_cells(times)} |" for name, times in by_name.items()]
    lines += [
        "",
        "| Users | Requests/s | Failed | p50 ms | p95 ms | p99 ms | Oldest step s | Steps/s | Videos/min "
        "| Connections | Cores: web, worker, postgres |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    return "\n".join([*lines, *map(_stage_line, results)])


def to_json(by_name: dict[str, Times], results: Sequence[StageResult]) -> dict[str, Any]:
    """Everything as JSON types."""
    return {
        "requests": {name: asdict(times) for name, times in by_name.items()},
        "stages": [asdict(each) for each in results],
    }


def _stage_result(stage: Stage, times: Times, seen: Sequence[Sight]) -> StageResult:
    first, last = seen[0], seen[-1]
    seconds = last.at - first.at
    parts = first.cpu_seconds
    return StageResult(
        stage=stage,
        times=times,
        requests_per_second=times.requests / stage.seconds,
        queue_seconds=max(sight.queue_seconds for sight in seen),
        steps_per_second=(last.steps - first.steps) / seconds,
        videos_per_minute=(last.videos - first.videos) * 60 / seconds,
        connections=max(sight.connections for sight in seen),
        cores={part: (last.cpu_seconds[part] - parts[part]) / seconds for part in parts},
    )


def _times(answers: Sequence[Answer]) -> Times:
    ordered = sorted(answer.ms for answer in answers)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95, 0.99)]
    failures = sum(bool(answer.error) for answer in answers)
    return Times(requests=len(ordered), failures=failures, p50=at[0], p95=at[1], p99=at[2])


def _cells(times: Times) -> str:
    numbers = (times.p50, times.p95, times.p99)
    return " | ".join([str(times.requests), str(times.failures), *(f"{number:.0f}" for number in numbers)])


def _stage_line(each: StageResult) -> str:
    cores = ", ".join(f"{each.cores.get(part, 0):.2f}" for part in ("web", "worker", "postgres"))
    times = _cells(each.times).split(" | ", 1)[1]
    return (
        f"| {each.stage.users} | {each.requests_per_second:.1f} | {times} | {each.queue_seconds:.1f} "
        f"| {each.steps_per_second:.1f} | {each.videos_per_minute:.0f} | {each.connections} | {cores} |"
    )
