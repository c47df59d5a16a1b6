"""One run of all measurements, and what it leaves: tables on the terminal, a JSON file under var/bench/."""

from __future__ import annotations

import json
import logging
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from cutroom.terminal import say
from tests.bench import (
    engine_runs,
    film,
    media_samples,
    moviepy_reference,
    quality,
    references,
    service_runs,
    service_verdicts,
    table,
    verdicts,
)
from tests.bench.materials import Materials
from tests.bench.parts import RENDERING, SERVICE
from tests.bench.processes import OtherPrograms
from tests.bench.table import Row
from tests.bench.verdicts import Measured

QUIET_CORES = 0.1
Wanted = Callable[[str], bool]

PACKAGES = ("av", "opencv-python-headless", "numpy", "piper-tts", "imageio-ffmpeg", "celery", "Django")


def run(directory: Path, *, only: Sequence[str], is_small: bool) -> list[Row]:
    """Measure the parts in `only`, print and keep the numbers. Works in `directory`."""
    for name in ("httpx", "cutroom.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
    rows: list[Row] = []
    details: dict[str, Any] = {}
    if set(only) & set(RENDERING):
        measured = _measure(directory, wanted=only.__contains__)
        rows += verdicts.rows(measured)
        details = _details(measured)
        _print_phases(measured)
    if set(only) & set(SERVICE):
        size = service_runs.SMALL if is_small else service_runs.FULL
        others = OtherPrograms()
        measured_service = service_runs.run(directory / "work", size=size, wanted=only.__contains__)
        rows += service_verdicts.rows(measured_service)
        details["others"] = max(details.get("others", 0.0), others.cores())
    print(table.markdown(rows))
    if details["others"] > QUIET_CORES:
        busy = f"{details['others']:.2f} cores"
        print(f"\nOther programs kept {busy} busy meanwhile: measure again when they rest.")
    print(f"\nKept in {_keep(directory, rows, details)}")
    return rows


def _print_phases(measured: Measured) -> None:
    print(f"\nThe film of {film.SECONDS} s, cache cold:\n")
    print(table.markdown_of_phases(measured.ours.phases))
    print(f"Processor time of the worker: {measured.ours.full.cpu_seconds:.1f} s.\n")
    if measured.ours.edited_phases:
        print("The same after one scene was edited:\n")
        print(table.markdown_of_phases(measured.ours.edited_phases))


def _measure(directory: Path, *, wanted: Wanted) -> Measured:
    work = directory / "work"
    stills = media_samples.photo_like_stills(work)
    ours = engine_runs.run(work / "given", stills=stills, wanted=wanted)
    say("Measuring the others")
    others = OtherPrograms()
    measured = Measured(
        ours=ours,
        **_of_raw_frames(ours.materials, work, wanted=wanted),
        **_of_films(ours.materials, work, environment=directory / "moviepy", wanted=wanted),
    )
    return replace(measured, others_cores=max(ours.others_cores, others.cores()))


def _of_raw_frames(given: Materials, work: Path, *, wanted: Wanted) -> dict[str, Any]:
    """What is measured on raw frames; they are large, and removed at once."""
    if not wanted("quality"):
        return {}
    sample = references.raw_sample(given.segments, work)
    measured = {
        "vmaf": quality.vmaf(sample.paths[0]),
        "backward_steps": quality.backward_steps(work),
    }
    sample.remove()
    return measured


def _of_films(given: Materials, work: Path, *, environment: Path, wanted: Wanted) -> dict[str, Any]:
    film_path = work / "moviepy.mp4"
    return {
        "ffmpeg": references.ffmpeg_film(given, work / "ffmpeg.mp4") if wanted("ffmpeg") else None,
        "moviepy": moviepy_reference.moviepy_film(given, film_path, environment=environment)
        if wanted("moviepy")
        else None,
    }


def _keep(directory: Path, rows: list[Row], details: dict[str, Any]) -> Path:
    at = datetime.now(UTC)
    path = directory / f"bench-{at:%Y%m%d-%H%M%S}.json"
    others = round(details.pop("others"), 3)
    document = {
        "at": at.isoformat(timespec="seconds"),
        "machine": {**_machine(), "cores_of_other_programs": others},
        "versions": {name: version(name) for name in PACKAGES},
        "rows": [row.to_json() for row in rows],
        **details,
    }
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path


def _details(measured: Measured) -> dict[str, Any]:
    """What the rows about rendering came from, as JSON types."""
    ours = measured.ours
    efforts = {
        "ours": ours.full,
        "edited": ours.edited,
        "draft": ours.draft,
        "crowded": ours.crowded,
        "4k": ours.ultra_hd.effort if ours.ultra_hd else None,
        "cached": ours.cached,
        "beside_encoder": ours.turns.ours if ours.turns else None,
        "encoder": ours.turns.encoder if ours.turns else None,
        "ffmpeg": measured.ffmpeg,
        "moviepy": measured.moviepy,
    }
    return {
        "others": measured.others_cores,
        "phases": ours.phases,
        "edited_phases": ours.edited_phases,
        "efforts": {name: asdict(effort) for name, effort in efforts.items() if effort},
    }


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": len(psutil.Process().cpu_affinity() or []) if sys.platform == "linux" else os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
