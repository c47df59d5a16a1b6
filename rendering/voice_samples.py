"""The voice of a scene before there is a film: its first words, spoken by a worker and kept in the cache.

A sample is the narration step of those words. A film that says no more than them finds it again, and pays for
it then; heard only, it costs no tts_minutes. It is short, and a person may have so many an hour.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.core.cache import cache
from redis.exceptions import RedisError

from accounts import limits
from accounts.limits import HOUR, Limit
from cutroom import dispatch, scratch
from rendering import conf, pipeline, providers, snapshots
from rendering.errors import invalid_field
from rendering.film import Film, StepDraft
from rendering.keys import cache_storage_key
from rendering.media import host
from rendering.media.errors import MediaCrashed, MediaError, MediaTimeout
from rendering.models import CacheEntry, Scene, StepKind
from rendering.providers.calls import Errand
from tenants import storage
from tenants.context import current_tenant_id, tenant_context

logger = logging.getLogger(__name__)

MOST_CHARACTERS = 200
SAMPLES_AN_HOUR = 120
_ENDS = (". ", "! ", "? ", "。", "！", "？", "।")
_PROBLEM_SECONDS = 60
_RESERVE_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What is said, and where it lies once it was spoken; `problem` says why it was not."""

    text: str
    storage_key: str = ""
    problem: str = ""

    @property
    def is_waited_for(self) -> bool:
        """Is a worker to speak it, or speaking it?"""
        return bool(self.text and not self.storage_key and not self.problem)


def sample_of(scene: Scene) -> Sample:
    """The sample of a scene as it is now; of one with a recording, the recording."""
    if scene.recording is not None:
        return Sample(text=scene.recording.name, storage_key=scene.recording.storage_key)
    return _sample(_draft(scene))


def _sample(draft: StepDraft) -> Sample:
    entry = CacheEntry.objects.filter(key=draft.cache_key).first()
    return Sample(
        text=draft.inputs["text"],
        storage_key=entry.storage_key if entry else "",
        problem="" if entry else _problem(draft),
    )


def ask(*, scene: Scene, user_id: UUID) -> None:
    """Have a worker speak the sample, after commit, unless it is there. Raises InvalidInput, RateLimited."""
    found = sample_of(scene)
    if found.storage_key:
        return
    if not found.text:
        raise invalid_field("narration", "blank", "Write what the voice should say first.")
    limits.check([Limit(key=f"voice:user:{user_id.hex}", count=SAMPLES_AN_HOUR, seconds=HOUR)])
    with suppress(RedisError):
        cache.delete(_problem_key(scene.tenant_id, _draft(scene)))
    dispatch.after_commit(
        "rendering.speak_sample", queue="narration", tenant_id=str(scene.tenant_id), scene_id=str(scene.pk)
    )


def speak(*, tenant_id: UUID, scene_id: UUID) -> None:
    """Speak the sample of a scene as it is now. Safe to repeat; calls outside any transaction."""
    with tenant_context(tenant_id):
        scene = Scene.objects.select_related("project", "recording").filter(pk=scene_id).first()
        if scene is None or scene.recording is not None:
            return
        draft = _draft(scene)
        if not _sample(draft).is_waited_for:
            return
    try:
        with scratch.directory("sample") as directory:
            _keep(draft, tenant_id, directory / "out.flac")
    except (MediaError, MediaTimeout, MediaCrashed, OSError) as error:
        logger.warning("voice_sample_failed", extra={"error": type(error).__name__})
        detail = error.detail if isinstance(error, MediaError) else "The voice did not finish."
        with suppress(RedisError):
            cache.set(_problem_key(tenant_id, draft), detail, timeout=_PROBLEM_SECONDS)


def _keep(draft: StepDraft, tenant_id: UUID, path: Path) -> None:
    speech = _spoken(draft, tenant_id, path)
    key = cache_storage_key(tenant_id=tenant_id, kind=draft.kind, key=draft.cache_key)
    size_bytes = path.stat().st_size
    storage.store_file(key, path)
    words = {name: speech[name] for name in ("duration_ms", "words")}
    entry = CacheEntry(
        tenant_id=tenant_id,
        key=draft.cache_key,
        kind=draft.kind,
        storage_key=key,
        size_bytes=size_bytes,
        output={"content": draft.cache_key, "storage_key": key, **words},
        unpaid={} if speech.get("engine") == "silence" else {"tts_minutes": speech["duration_ms"]},
    )
    with tenant_context(tenant_id):
        CacheEntry.objects.bulk_create([entry], ignore_conflicts=True)


def _spoken(draft: StepDraft, tenant_id: UUID, path: Path) -> dict[str, Any]:
    """By whoever a film would ask first; nobody stands in, since this is to hear that very voice."""
    seconds = float(conf.step_timeout_seconds()) - _RESERVE_SECONDS
    request = providers.NarrationRequest.of(draft.inputs)
    is_outside = "provider" in draft.inputs
    speaker = providers.speaker(request.voice) if is_outside else providers.narrations()[-1]
    # One name for one sample, so that asking twice is one call for who charges for it.
    errand = Errand(
        tenant_id=tenant_id, key=uuid5(tenant_id, draft.cache_key), deadline=time.monotonic() + seconds
    )
    run = partial(host.run, timeout_seconds=seconds)
    return speaker.speak(request, out_path=path, run=run, errand=errand)


def _draft(scene: Scene) -> StepDraft:
    row = snapshots.scene_row(scene, project=scene.project)
    script = snapshots.script_of(scene.project, [])
    spoken = row | {"narration": first_words(scene.narration)}
    film = Film.shown(scene.project, {**script, "scenes": [spoken]})
    return next(draft for draft in pipeline.plan(film, {}) if draft.kind == StepKind.NARRATION)


def first_words(text: str) -> str:
    """A short text as it is; of a longer one the sentences, or else the words, that MOST_CHARACTERS hold."""
    if len(text) <= MOST_CHARACTERS:
        return text
    start = text[:MOST_CHARACTERS]
    ends = [start.rfind(mark) + len(mark) for mark in _ENDS if mark in start]
    return start[: max(ends)].strip() if ends else start.rpartition(" ")[0] or start


def _problem(draft: StepDraft) -> str:
    with suppress(RedisError):
        return str(cache.get(_problem_key(current_tenant_id(), draft), ""))
    return ""


def _problem_key(tenant_id: UUID, draft: StepDraft) -> str:
    return f"voice-problem:{tenant_id}:{draft.cache_key}"
