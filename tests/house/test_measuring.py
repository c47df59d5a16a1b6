"""The instruments: what counts as worse, which run was the last, where a crowd is too much."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench.comparison import latest, regressions
from tests.bench.table import Row
from tests.load import report
from tests.load.report import Answer, Stage
from tests.load.watch import Sight


def row(name: str, result: float, **more: Any) -> Row:
    values = {"ours": "", "theirs": "", "target": 2.5, "bound": "at most"}
    return Row(name=name, result=result, **{**values, **more})


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A run in which everything took twice as long as the other, and one thing was twice as fast."""
    rows = [row("moves", 2.0), row("film", 2.0, bound="at least"), row("memory", 100.0, unit="MB")]
    path = tmp_path / "bench-1.json"
    path.write_text(json.dumps({"rows": [each.to_json() for each in rows]}))
    return path


@pytest.mark.parametrize(
    ("now", "is_worse"),
    [
        (row("moves", 2.39), False),
        (row("moves", 2.41), True),
        (row("moves", 0.5), False),
        (row("film", 1.7, bound="at least"), False),
        (row("film", 1.6, bound="at least"), True),
        (row("memory", 900.0, unit="MB"), False),
        (row("never measured before", 9.0), False),
    ],
)
def test_a_ratio_may_get_a_fifth_worse(earlier: Path, now: Row, is_worse: bool) -> None:
    assert bool(regressions([now], earlier)) is is_worse


def test_the_last_run_is_the_one_to_compare_with(tmp_path: Path) -> None:
    assert latest(tmp_path) is None
    for stamp in ("20261130-080000", "20261201-070000", "20261129-090000"):
        (tmp_path / f"bench-{stamp}.json").touch()
    assert latest(tmp_path) == tmp_path / "bench-20261201-070000.json"


def sights(first: int, *, queue: float) -> list[Sight]:
    """Ten of them, a second apart: two steps, a video and a second of the web's processor each."""
    return [
        Sight(
            at=at, queue_seconds=queue, steps=2 * at, videos=at, connections=9, cpu_seconds={"web": float(at)}
        )
        for at in range(first, first + 10)
    ]


def test_stages_are_told_apart_and_the_knee_is_where_people_wait() -> None:
    stages = [Stage(name="promised", users=200, seconds=10), Stage(name="300", users=300, seconds=10)]
    quick = [Answer(stage="promised", name="/usage", ms=20.0, error="")] * 100
    slow = [Answer(stage="300", name="/usage", ms=float(ms), error="") for ms in range(0, 2000, 20)]
    seen = [*sights(0, queue=1), *sights(10, queue=7)]
    first, second = report.stage_results(stages, [*quick, *slow], seen)
    assert (first.times.p95, first.requests_per_second, first.queue_seconds) == (20, 10, 1)
    assert (first.steps_per_second, first.cores) == (2, {"web": 1})
    assert (second.times.p50, second.times.p99, second.queue_seconds) == (1000, 1980, 7)
    assert report.knee([first, second]) is second
    assert report.knee([first]) is None


def test_one_failure_is_a_knee_too() -> None:
    stages = [Stage(name="promised", users=200, seconds=10)]
    answers = [Answer(stage="promised", name="/usage", ms=20.0, error="502")]
    [result] = report.stage_results(stages, answers, sights(0, queue=0))
    assert result.times.failures == 1
    assert report.knee([result]) is result
