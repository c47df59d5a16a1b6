"""What each kind of step does. Runs outside any transaction; everything heavy in a killable child process."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cutroom import scratch
from cutroom.crash_points import crash_at
from rendering import material
from rendering.bench import Bench, stored
from rendering.keys import VIDEO_FILES, video_key
from rendering.leases import Heartbeat
from rendering.media.specs import SegmentSpec, SoundSpec, StitchSpec
from rendering.models import CacheEntry, JobState, RenderJob, RenderStep, StepKind
from rendering.outcomes import Result
from tenants import storage
from tenants.context import tenant_context

logger = logging.getLogger(__name__)


def perform(step: RenderStep, heartbeat: Heartbeat) -> Result:
    """Do the step's work and store its output.

    Raises MediaError, MediaTimeout, MediaCrashed or OSError when it went wrong, MediaCancelled when the claim
    was lost meanwhile.
    """
    hit = _cached(step)
    if hit is not None:
        return hit
    with scratch.directory(f"{step.kind}-{step.attempt}") as directory:
        return _PERFORMERS[StepKind(step.kind)](Bench(step=step, heartbeat=heartbeat, directory=directory))


def discard(step: RenderStep) -> None:
    """Remove the video of a stitch whose job ended another way while it was being stored."""
    if step.kind != StepKind.STITCH:
        return
    with tenant_context(step.tenant_id):
        job = RenderJob.objects.select_for_update().filter(pk=step.job_id).first()
        if job is None or job.state in (JobState.CANCELLED, JobState.FAILED):
            for extension in VIDEO_FILES:
                storage.delete_file(video_key(step.job, extension))


def explain(error: OSError) -> str:
    """A sentence for people about a file that could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Nothing was stored."
    return f"A file could not be read or written ({errno.errorcode.get(error.errno or 0, 'unknown')})."


def _cached(step: RenderStep) -> Result | None:
    """Another job may have made the same output since this step was placed."""
    with tenant_context(step.tenant_id):
        entry = CacheEntry.objects.filter(key=step.cache_key).first()
    if entry is None:
        return None
    return Result(output=entry.output, charges=entry.unpaid, is_cached=True)


def _segment(bench: Bench) -> Result:
    with bench.fetched(bench.inputs["files"].values()) as paths:
        bench.run(segment_spec(bench.inputs, out_path=str(bench.out_path), paths=paths))
    return stored(bench, {}, charges=bench.step.charges)


def segment_spec(inputs: dict[str, Any], *, out_path: str, paths: Mapping[str, str]) -> SegmentSpec:
    """The spec of a segment step's inputs; `paths` has the local files by the keys that "files" names."""
    found = {f"{name}_path": paths[key] for name, key in inputs["files"].items()}
    return SegmentSpec.from_dict({**inputs, **found, "out_path": out_path})


def _sound(bench: Bench) -> Result:
    files = bench.inputs["files"]
    music = files.get("music", "")
    with bench.fetched([*files["sounds"], *filter(None, [music])]) as paths:
        sounds = [
            {"path": paths[key], "start_frame": sound["start_frame"]}
            for key, sound in zip(files["sounds"], bench.inputs["sounds"], strict=True)
        ]
        spec = SoundSpec(
            out_path=str(bench.out_path),
            sounds=sounds,
            frames=bench.inputs["frames"],
            fps=bench.inputs["fps"],
            music=bench.inputs.get("music", ""),
            music_path=paths.get(music, ""),
            music_level=bench.inputs.get("music_level", "normal"),
            quality=bench.inputs.get("quality", "final"),
        )
        levels = bench.run(spec)
    return stored(bench, {"loudness_lufs": levels["loudness_lufs"]}, charges={})


def _stitch(bench: Bench) -> Result:
    twin = _twin(bench.step)
    paths = {extension: bench.directory / f"out.{extension}" for extension in VIDEO_FILES}
    if twin is None:
        film = _join(bench, paths)
        duration_ms = film["duration_ms"]
    else:
        _copy(twin, paths)
        duration_ms = twin.duration_ms
    video_bytes, stored_bytes = paths["mp4"].stat().st_size, 0
    for extension, path in paths.items():
        stored_bytes += path.stat().st_size
        storage.store_file(video_key(bench.step.job, extension), path)
        crash_at("video-half-stored")
    output = {
        "content": bench.step.cache_key,
        "storage_key": video_key(bench.step.job, "mp4"),
        "video_bytes": video_bytes,
        "stored_bytes": stored_bytes,
        "duration_ms": duration_ms,
    }
    return Result(output=output, charges={}, is_cached=twin is not None)


def _join(bench: Bench, paths: dict[str, Path]) -> dict[str, Any]:
    files = bench.inputs["files"]
    with bench.fetched([*files["segments"], files["sound"]]) as parts:
        spec = StitchSpec.from_dict(
            {
                **bench.inputs,
                "out_path": str(paths["mp4"]),
                "poster_path": str(paths["jpg"]),
                "srt_path": str(paths["srt"]),
                "vtt_path": str(paths["vtt"]),
                "segment_paths": [parts[key] for key in files["segments"]],
                "sound_path": parts[files["sound"]],
                "poster_frame": bench.inputs["segment_frames"][0] // 2,
            }
        )
        return bench.run(spec)


def _twin(step: RenderStep) -> RenderJob | None:
    """A finished job of this tenant whose film is the same, byte for byte."""
    with tenant_context(step.tenant_id):
        twins = RenderJob.objects.filter(film_key=step.cache_key, state=JobState.SUCCEEDED)
        twin = twins.exclude(pk=step.job_id).first()
    is_whole = twin is not None and all(storage.file_exists(video_key(twin, ext)) for ext in VIDEO_FILES)
    return twin if is_whole else None


def _copy(twin: RenderJob, paths: dict[str, Path]) -> None:
    for extension, path in paths.items():
        storage.copy_to(video_key(twin, extension), path)


_PERFORMERS: dict[StepKind, Callable[[Bench], Result]] = {
    StepKind.IMAGE: material.image,
    StepKind.NARRATION: material.narration,
    StepKind.SEGMENT: _segment,
    StepKind.SOUND: _sound,
    StepKind.STITCH: _stitch,
}
