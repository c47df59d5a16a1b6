"""The renders that are measured, one after the other in one fresh installation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cutroom.run import Stack
from cutroom.terminal import say
from tests.bench import crowded, film, materials, phases, processes, references
from tests.bench.materials import Materials
from tests.bench.our_engine import Customer, Render, installation, stitch_queries, worker
from tests.bench.stopwatch import Effort, usual

TURNS = 5  # odd, for a median
WARM_UP = ("The tide comes in.", "The tide goes out.", "The wheel turns.", "The wheel stands still.")


@dataclass(frozen=True, kw_only=True)
class UltraHD:
    """The film in 4K: its effort, and the most memory a worker process held with its media processes."""

    effort: Effort
    worker_bytes: int
    all_bytes: int


@dataclass(frozen=True, kw_only=True)
class Turns:
    """The film, and the encoder alone on its frames: done in turns, the usual one of each."""

    ours: Effort
    encoder: Effort


@dataclass(frozen=True, kw_only=True)
class EngineRuns:
    """What the engine took for each film. None was not asked for.

    `full` is the twelve-scene film with a cold cache, `edited` the same after one narration was changed,
    `draft` a quick look with a cold cache, `cached` sixty scenes a second time, `crowded` the film while
    another tenant has a thousand queued. `phases` and `edited_phases` are JSON types. `others_cores` is what
    other programs took of the machine during `full`.
    """

    full: Effort
    others_cores: float
    phases: dict[str, Any]
    materials: Materials
    turns: Turns | None
    edited: Effort | None
    draft: Effort | None
    edited_phases: dict[str, Any] | None
    ultra_hd: UltraHD | None
    cached: Effort | None
    queries: int | None
    crowded: Effort | None


def run(directory: Path, *, stills: Sequence[Path], wanted: Callable[[str], bool]) -> EngineRuns:
    """Start the installation, render, stop it. What others are to be given lands in `directory`.

    `wanted` says which of "encoder", "edit", "draft", "4k", "cached", "queries" and "crowd" to do.
    """
    with installation() as running:
        customer = Customer(running)
        slug = customer.project(film.NARRATIONS, stills=stills)
        _warm_up(running)
        say(f"Rendering {film.SCENES} scenes")
        others = processes.OtherPrograms()
        full = customer.render(slug)
        others_cores = others.cores()
        _require_cold(full)
        given = materials.of_render(full.job, directory)
        edited = _edited(customer, slug) if wanted("edit") else None
        return EngineRuns(
            full=full.effort,
            others_cores=others_cores,
            phases=phases.of_render(full.job, workers=_workers(running)).to_json(),
            materials=given,
            turns=_in_turns(running, stills, given, directory) if wanted("encoder") else None,
            edited=edited.effort if edited else None,
            edited_phases=_phases(edited, running),
            draft=_draft(running, stills) if wanted("draft") else None,
            ultra_hd=_ultra_hd(running, stills) if wanted("4k") else None,
            cached=_cached(running) if wanted("cached") else None,
            queries=stitch_queries(customer, slug) if wanted("queries") else None,
            # Last, because the queue stays.
            crowded=_crowded(running, stills) if wanted("crowd") else None,
        )
    raise SystemExit(1)


def _warm_up(running: Stack) -> None:
    """The first step of a kind loads libraries; a worker that runs for days does that once."""
    customer = Customer(running)
    customer.render(customer.project(WARM_UP), resolution="720p")


def _in_turns(running: Stack, stills: Sequence[Path], given: Materials, directory: Path) -> Turns:
    """In turns, so that a machine that is slow for a minute is slow for both."""
    say(f"Rendering them and encoding their frames, {TURNS} times each")
    sample = references.raw_sample(given.segments, directory)
    ours, encoder = [], []
    for _ in range(TURNS):
        customer = Customer(running)
        render = customer.render(customer.project(film.NARRATIONS, stills=stills))
        _require_cold(render)
        ours.append(render.effort)
        encoder.append(references.encoder_alone(sample))
    sample.remove()
    return Turns(ours=usual(ours), encoder=usual(encoder))


def _edited(customer: Customer, slug: str) -> Render:
    say("Rendering them again, one edited")
    customer.rewrite(slug, film.EDITED_SCENE, film.EDITED_NARRATION)
    render = customer.render(slug)
    made = {kind: of_kind.steps - of_kind.cached for kind, of_kind in phases.counts(render.job).items()}
    if made["narration"] != 1 or made["segment"] != 1:
        raise ValueError(f"one scene was edited, but these were made anew: {made}")
    return render


def _draft(running: Stack, stills: Sequence[Path]) -> Effort:
    customer = Customer(running)
    slug = customer.project(film.NARRATIONS, stills=stills)
    say("Rendering a draft of them")
    render = customer.render(slug, quality="draft")
    _require_cold(render)
    return render.effort


def _crowded(running: Stack, stills: Sequence[Path]) -> Effort:
    customer, other = Customer(running), Customer(running)
    # A paid plan has priority, so both have one.
    customer.subscribe(crowded.PLAN)
    slug = customer.project(film.NARRATIONS, stills=stills)
    crowded.queue(other, other.project(film.NARRATIONS, stills=stills))
    say("Rendering one among them")
    return customer.render(slug).effort


def _ultra_hd(running: Stack, stills: Sequence[Path]) -> UltraHD:
    customer = Customer(running)
    customer.subscribe("pro")
    slug = customer.project(film.NARRATIONS, stills=stills)
    say("Rendering them in 4K")
    with processes.PeakMemory(worker(running)) as peak:
        render = customer.render(slug, resolution="4k")
    _require_cold(render)
    return UltraHD(effort=render.effort, worker_bytes=peak.worker_bytes, all_bytes=peak.all_bytes)


def _cached(running: Stack) -> Effort:
    customer = Customer(running)
    slug = customer.project(film.many_narrations())
    say(f"Rendering {film.MANY_SCENES} scenes twice")
    customer.render(slug, resolution="720p", fps=24)
    again = customer.render(slug, resolution="720p", fps=24)
    made = {
        kind: of_kind.steps - of_kind.cached
        for kind, of_kind in phases.counts(again.job).items()
        if of_kind.steps > of_kind.cached
    }
    if made:
        raise ValueError(f"everything was made before, but these were made anew: {made}")
    return again.effort


def _require_cold(render: Render) -> None:
    cached = {kind: of_kind.cached for kind, of_kind in phases.counts(render.job).items() if of_kind.cached}
    if cached:
        raise ValueError(f"the cache was to be cold, but these came from it: {cached}")


def _phases(render: Render | None, running: Stack) -> dict[str, Any] | None:
    return phases.of_render(render.job, workers=_workers(running)).to_json() if render else None


def _workers(running: Stack) -> int:
    return len(worker(running).children())
