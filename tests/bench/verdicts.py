"""From measurements to rows: each promise of the project about speed, and the number that decides it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench import crowded, film
from tests.bench.engine_runs import EngineRuns
from tests.bench.moviepy_reference import MEASURED_SCENES, REQUIREMENT
from tests.bench.processes import MEGABYTE
from tests.bench.quality import Comparison, possible_steps
from tests.bench.stopwatch import Effort
from tests.bench.table import Row


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Everything that was measured; None was not asked for.

    `others_cores` is what other programs took of the machine, at the worst of times.
    """

    ours: EngineRuns
    ffmpeg: Effort | None = None
    moviepy: Effort | None = None
    vmaf: Comparison | None = None
    backward_steps: Comparison | None = None
    others_cores: float = 0.0


def rows(measured: Measured) -> list[Row]:
    """One row a promise, in the order in which the project makes them."""
    return [*_against_others(measured), *_against_itself(measured.ours), *_crowded(measured.ours)]


def _against_others(measured: Measured) -> Iterator[Row]:
    full = measured.ours.full
    turns = measured.ours.turns
    if turns:
        note = (
            f"{len(film.MOTIONS)} of {film.SCENES} scenes as raw frames, scaled; two times one thread; "
            "medians of both, done in turns."
        )
        yield _faster("the encoder alone, same settings", turns.ours, turns.encoder, target=0.75, note=note)
    if measured.ffmpeg:
        note = "veryfast, crf 21, two threads; it is given the narration that ours has to speak."
        yield _faster("one ffmpeg command with zoompan", full, measured.ffmpeg, target=1.5, note=note)
    if measured.vmaf:
        yield _vmaf(measured.vmaf)
    if measured.backward_steps:
        yield _backward_steps(measured.backward_steps)
    if measured.moviepy:
        note = (
            f"{MEASURED_SCENES} of {film.SCENES} scenes, scaled; loading is not counted, narration is given."
        )
        yield _faster(REQUIREMENT, full, measured.moviepy, target=9, note=note)


def _against_itself(ours: EngineRuns) -> Iterator[Row]:
    if ours.edited:
        yield _share("itself, one of twelve scenes edited", ours.edited, ours.full, target=0.2)
    if ours.draft:
        yield _share("itself, as a draft", ours.draft, ours.full, target=0.25)
    if ours.ultra_hd:
        yield _share("itself at 1080p, in 4K", ours.ultra_hd.effort, ours.full, target=4.5)
        yield Row(
            name="memory of a worker process in 4K",
            ours=f"{ours.ultra_hd.worker_bytes / MEGABYTE:.0f} MB",
            theirs="",
            result=ours.ultra_hd.worker_bytes / MEGABYTE,
            target=800,
            bound="at most",
            unit="MB",
            note=f"peak with media processes; all of Celery {ours.ultra_hd.all_bytes / MEGABYTE:.0f} MB.",
        )
    if ours.cached:
        yield Row(
            name="no work: 60 scenes, all cached",
            ours=_seconds(ours.cached),
            theirs="",
            result=ours.cached.seconds,
            target=3,
            bound="at most",
            unit="s",
        )
    if ours.queries is not None:
        yield Row(
            name="statements of POST stitch",
            ours=str(ours.queries),
            theirs="",
            result=ours.queries,
            target=12,
            bound="at most",
            unit="",
        )


def _crowded(ours: EngineRuns) -> Iterator[Row]:
    if ours.crowded:
        name = f"itself alone, while another tenant has {crowded.QUEUED:,} jobs queued"
        yield _share(name, ours.crowded, ours.full, target=2)


def _faster(name: str, ours: Effort, theirs: Effort, *, target: float, note: str) -> Row:
    cpu = f"Processor time {_ratio(theirs.cpu_seconds, ours.cpu_seconds):.2f} ×."
    return Row(
        name=name,
        ours=_seconds(ours),
        theirs=_seconds(theirs),
        result=_ratio(theirs.seconds, ours.seconds),
        target=target,
        bound="at least",
        note=f"{note} {cpu}",
    )


def _share(name: str, ours: Effort, full: Effort, *, target: float) -> Row:
    return Row(
        name=name,
        ours=_seconds(ours),
        theirs=_seconds(full),
        result=_ratio(ours.seconds, full.seconds),
        target=target,
        bound="at most",
        note=f"Processor time {_ratio(ours.cpu_seconds, full.cpu_seconds):.2f} ×.",
    )


def _vmaf(score: Comparison) -> Row:
    return Row(
        name="VMAF against its encoder settings",
        ours=f"{score.ours:.2f}",
        theirs=f"{score.theirs:.2f}",
        result=score.ours - score.theirs,
        target=-0.5,
        bound="at least",
        unit="",
        note="the same raw frames through both settings.",
    )


def _backward_steps(steps: Comparison) -> Row:
    return Row(
        name="backward motion steps of zoompan",
        ours=f"{steps.ours:.0f}",
        theirs=f"{steps.theirs:.0f}",
        result=steps.ours,
        target=0,
        bound="at most",
        unit="",
        note=f"of {possible_steps()}, a dot followed through one zoom.",
    )


def _seconds(effort: Effort) -> str:
    return f"{effort.seconds:.2f} s"


def _ratio(one: float, other: float) -> float:
    return one / other
