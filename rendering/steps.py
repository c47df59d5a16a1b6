"""What each kind of step does. Runs outside any transaction; everything heavy in a killable child process."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rendering import conf, providers, scratch, timeline
from rendering.keys import EXTENSIONS, VIDEO_FILES, cache_storage_key, video_key
from rendering.leases import Heartbeat
from rendering.media import host, words
from rendering.media.errors import MediaCrashed, MediaError, MediaTimeout
from rendering.media.specs import SegmentSpec, SoundSpec, Spec, StitchSpec
from rendering.models import CacheEntry, JobState, RenderJob, RenderStep, StepKind
from rendering.outcomes import Result
from tenants import storage
from tenants.context import tenant_context

logger = logging.getLogger(__name__)

SILENT = "Narration is silent: the voice failed several times."


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One step being worked on: its row, its heartbeat and its scratch directory."""

    step: RenderStep
    heartbeat: Heartbeat
    directory: Path

    @property
    def inputs(self) -> dict[str, Any]:
        """What the step depends on."""
        inputs: dict[str, Any] = self.step.inputs
        return inputs

    @property
    def out_path(self) -> Path:
        """Where the step's main output is written before it is stored."""
        return self.directory / f"out.{EXTENSIONS[StepKind(self.step.kind)]}"

    @contextmanager
    def fetched(self, keys: Iterable[str]) -> Iterator[dict[str, str]]:
        """Local paths of stored files by their keys, for as long as the block lasts."""
        with storage.local_paths(keys, within=self.directory) as paths:
            yield {key: str(path) for key, path in paths.items()}

    def run(self, spec: Spec) -> dict[str, Any]:
        """Run a media operation in a child that dies with this worker, at the limit or on cancellation."""
        return host.run(
            spec,
            timeout_seconds=conf.step_timeout_seconds(),
            cancel=self.heartbeat.lost,
            on_progress=self.heartbeat.note,
        )


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


def _image(bench: Bench) -> Result:
    request = providers.ImageRequest(
        prompt=bench.inputs["prompt"],
        width=bench.inputs["width"],
        height=bench.inputs["height"],
        key=bench.step.cache_key,
    )
    providers.images().draw(request, out_path=bench.out_path, run=bench.run)
    return _stored(bench, {}, charges=bench.step.charges)


def _narration(bench: Bench) -> Result:
    request = providers.NarrationRequest(
        text=bench.inputs["text"], language=bench.inputs["language"], voice=bench.inputs["voice"]
    )
    try:
        speech = providers.narration().speak(request, out_path=bench.out_path, run=bench.run)
    except (MediaError, MediaCrashed, MediaTimeout) as error:
        # A text that no voice can read stays so, however often it is tried.
        may_help = not isinstance(error, MediaError) or error.retryable
        if may_help and bench.step.failures + 1 < conf.max_failures():
            raise
        return _silence(request)
    output = {"duration_ms": speech["duration_ms"], "words": speech["words"]}
    # Emoji and dashes are shown in silence; nobody pays for a voice that said nothing.
    charges = {} if speech.get("engine") == "silence" else {"tts_minutes": speech["duration_ms"]}
    return _stored(bench, output, charges=charges)


def _silence(request: providers.NarrationRequest) -> Result:
    """The stand-in when every try failed: the captions still show for as long as the text would take."""
    duration_ms = timeline.estimated_speech_ms(request.text, language=request.language)
    tokens = words.split(request.text)
    share = duration_ms / max(1, len(tokens))
    spread = [
        {"text": token, "start_ms": round(i * share), "end_ms": round((i + 1) * share)}
        for i, token in enumerate(tokens)
    ]
    output = {"content": "", "storage_key": "", "duration_ms": duration_ms, "words": spread}
    return Result(output=output, charges={}, degraded=SILENT)


def _segment(bench: Bench) -> Result:
    files = bench.inputs["files"]
    with bench.fetched(files.values()) as paths:
        spec = SegmentSpec.from_dict(
            {
                **bench.inputs,
                "out_path": str(bench.out_path),
                "still_path": paths[files["still"]],
                "next_still_path": paths.get(files.get("next_still", ""), ""),
            }
        )
        bench.run(spec)
    return _stored(bench, {}, charges=bench.step.charges)


def _sound(bench: Bench) -> Result:
    with bench.fetched(bench.inputs["files"]) as paths:
        sounds = [
            {"path": paths[key], "start_frame": sound["start_frame"]}
            for key, sound in zip(bench.inputs["files"], bench.inputs["sounds"], strict=True)
        ]
        spec = SoundSpec(
            out_path=str(bench.out_path),
            sounds=sounds,
            frames=bench.inputs["frames"],
            fps=bench.inputs["fps"],
            music=bench.inputs.get("music", ""),
        )
        levels = bench.run(spec)
    return _stored(bench, {"loudness_lufs": levels["loudness_lufs"]}, charges={})


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


def _stored(bench: Bench, output: dict[str, Any], *, charges: dict[str, int]) -> Result:
    """Store the step's file under its content key; a second store of the same bytes changes nothing."""
    step = bench.step
    key = cache_storage_key(tenant_id=step.tenant_id, kind=step.kind, key=step.cache_key)
    size_bytes = bench.out_path.stat().st_size
    storage.store_file(key, bench.out_path)
    return Result(
        output={"content": step.cache_key, "storage_key": key, **output},
        charges=charges,
        storage_key=key,
        size_bytes=size_bytes,
    )


_PERFORMERS: dict[StepKind, Callable[[Bench], Result]] = {
    StepKind.IMAGE: _image,
    StepKind.NARRATION: _narration,
    StepKind.SEGMENT: _segment,
    StepKind.SOUND: _sound,
    StepKind.STITCH: _stitch,
}
