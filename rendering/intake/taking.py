"""Looks at a file that has arrived and keeps it clean: a picture, a sound, or a clip made anew in slices.

Each run works for WORK_SECONDS at most and leaves what it has made to the next, so no task is long and a
killed worker costs one slice.
"""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import F

from cutroom import clock, dispatch, scratch
from cutroom.crash_points import crash_at
from cutroom.errors import DomainError, Unavailable
from rendering import assets, conf, scripts
from rendering.errors import EditConflict, UnusableFile
from rendering.intake import receiving, scan
from rendering.intake.models import Upload, UploadState
from rendering.media import clips, host
from rendering.media.errors import MediaCrashed, MediaError, MediaTimeout
from rendering.media.foreign import VIDEO, container_of
from rendering.media.pictures import picture_format
from rendering.media.specs import ClipSpec, JoinSpec, ProbeSpec, Spec
from rendering.models import AssetKind, Scene
from rendering.outcomes import back_off_seconds
from tenants import storage
from tenants.context import tenant_context

logger = logging.getLogger(__name__)

WORK_SECONDS = 35.0
PROBE_SECONDS = 10.0
MAKE_SECONDS = 45.0
_LEASE = timedelta(seconds=90)
_COPY_BYTES = 4 * 1024 * 1024
_DUE = """
SELECT tenant_id, id FROM rendering_upload
WHERE state = 'checking' AND not_before <= clock_timestamp() LIMIT 200
"""
_EXPIRED = """
SELECT tenant_id, id FROM rendering_upload
WHERE expires_at <= clock_timestamp() AND state <> 'checking' LIMIT 200
"""


@dataclass(frozen=True, kw_only=True)
class _Work:
    """One run: the upload as it was claimed, and where it may write."""

    upload: Upload
    directory: Path

    def run(self, spec: Spec, *, seconds: float = MAKE_SECONDS) -> dict[str, Any]:
        """A media operation on a file nobody trusts, in a limited process that is killed at the end."""
        return host.run(spec, timeout_seconds=seconds)


def work(*, tenant_id: UUID, upload_id: UUID) -> None:
    """Go on with a file that has arrived whole. Safe to repeat at any time."""
    upload = _claim(tenant_id, upload_id)
    if upload is None:
        return
    try:
        with scratch.directory("intake") as directory:
            _take(_Work(upload=upload, directory=directory))
    except UnusableFile as error:
        problem = error.members["errors"][0]
        _fail(upload, code=problem["code"], detail=problem["detail"])
    except MediaError as error:
        _retry_or_fail(upload, error.code, error.detail, is_retryable=error.retryable)
    except MediaCrashed:
        _fail(upload, code="file-broken", detail="This file could not be read. Save it anew.")
    except MediaTimeout:
        _fail(upload, code="file-too-slow", detail="This file could not be read in time. Save it anew.")
    except (Unavailable, OSError) as error:
        logger.warning("upload_not_taken", extra={"error": type(error).__name__})
        _retry_or_fail(upload, "unavailable", "The file could not be stored.", is_retryable=True)
    except DomainError as error:
        _fail(upload, code=error.code, detail=error.detail)


def ring_for_due() -> int:
    """Ring for files whose doorbell or worker was lost; forget what nobody finished. Returns how many."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(_DUE)
        due = cursor.fetchall()
        cursor.execute(_EXPIRED)
        expired = cursor.fetchall()
    for tenant_id, upload_id in due:
        dispatch.ring("rendering.take_in", queue="image", tenant_id=str(tenant_id), upload_id=str(upload_id))
    for tenant_id, upload_id in expired:
        with tenant_context(tenant_id):
            upload = Upload.objects.filter(pk=upload_id).first()
            if upload is not None:
                receiving.give_up(upload)
    return len(due) + len(expired)


def _claim(tenant_id: UUID, upload_id: UUID) -> Upload | None:
    at = clock.now()
    with tenant_context(tenant_id):
        due = Upload.objects.filter(pk=upload_id, state=UploadState.CHECKING, not_before__lte=at)
        if not due.update(not_before=at + _LEASE, attempt=F("attempt") + 1):
            return None
        return Upload.objects.select_related("project", "scene").get(pk=upload_id)


def _take(work: _Work) -> None:
    with storage.local_path(_whole(work)) as path:
        with path.open("rb") as file:
            head = file.read(16)
        if picture_format(head) is not None:
            _keep(work, assets.clean_picture(path, work.directory))
        elif container_of(head) is None:
            raise _unusable("unsupported-kind", assets.KINDS)
        elif container_of(head) not in VIDEO:
            _keep(work, assets.clean_sound(path, work.directory))
        else:
            found = work.run(ProbeSpec(in_path=str(path)), seconds=PROBE_SECONDS)
            if found["kind"] == "audio":
                _keep(work, assets.clean_sound(path, work.directory))
            elif _make_slices(work, path, found):
                _keep(work, _joined(work, found))


def _whole(work: _Work) -> str:
    """The key of the whole file; put together and scanned the first time."""
    upload = work.upload
    key = receiving.whole_key(upload)
    if storage.file_exists(key):
        return key
    path = work.directory / "whole"
    with path.open("wb") as target:
        for part in upload.parts:
            with storage.open_file(receiving.part_key(upload, part["offset"])) as source:
                while block := source.read(_COPY_BYTES):
                    target.write(block)
    if path.stat().st_size != upload.length:
        raise _unusable("incomplete", "Parts of this file are missing. Send it again.")
    scan.refuse_infected(path)
    storage.store_file(key, path)
    for part in upload.parts:
        storage.delete_file(receiving.part_key(upload, part["offset"]))
    return key


def _make_slices(work: _Work, path: Path, found: dict[str, Any]) -> bool:
    """Make the clip's next slices; False when time is up and the next run goes on."""
    upload, ends = work.upload, time.monotonic() + WORK_SECONDS
    width, height = clips.kept_size(found["width"], found["height"])
    most = conf.MAX_CLIP_SECONDS * clips.FPS
    while (done := sum(upload.slices)) < most and (
        not upload.slices or upload.slices[-1] == clips.SLICE_FRAMES
    ):
        if time.monotonic() > ends:
            _hand_on(upload)
            return False
        out = work.directory / "slice.mp4"
        spec = ClipSpec(
            in_path=str(path),
            out_path=str(out),
            width=width,
            height=height,
            first_frame=done,
            frame_count=min(clips.SLICE_FRAMES, most - done),
        )
        frames = _frames_of(work, spec)
        if not frames:
            break
        storage.store_file(receiving.slice_key(upload, len(upload.slices)), out)
        crash_at("after-slice")
        upload.slices = [*upload.slices, frames]
        if not _write(upload, slices=upload.slices, not_before=clock.now() + _LEASE):
            return False
    return True


def _frames_of(work: _Work, spec: ClipSpec) -> int:
    try:
        return int(work.run(spec)["frames"])
    except MediaError as error:
        if error.code == "clip-over" and work.upload.slices:
            return 0
        raise


def _joined(work: _Work, found: dict[str, Any]) -> assets.Cleaned:
    upload = work.upload
    width, height = clips.kept_size(found["width"], found["height"])
    out, poster = work.directory / "clip.mp4", work.directory / "poster.jpg"
    with ExitStack() as stack:
        paths = [
            str(stack.enter_context(storage.local_path(receiving.slice_key(upload, number))))
            for number in range(len(upload.slices))
        ]
        spec = JoinSpec(
            out_path=str(out),
            poster_path=str(poster),
            slice_paths=paths,
            slice_frames=upload.slices,
            width=width,
            height=height,
        )
        frames = work.run(spec)["frames"]
    return assets.Cleaned(
        kind=AssetKind.VIDEO,
        path=out,
        poster=poster,
        width=width,
        height=height,
        duration_seconds=frames / clips.FPS,
    )


def _keep(work: _Work, cleaned: assets.Cleaned) -> None:
    """Make the asset, charge for it, and forget the pieces: all of it or nothing."""
    upload = work.upload
    with tenant_context(upload.tenant_id):
        held = Upload.objects.select_for_update().filter(
            pk=upload.pk, attempt=upload.attempt, state=UploadState.CHECKING
        )
        if not held.exists():
            return
        asset = assets.keep(
            project=upload.project, name=upload.name, cleaned=cleaned, user_id=upload.created_by
        )
        held.update(state=UploadState.READY, asset=asset)
        _show(upload, asset.pk, cleaned.kind)
        for key in receiving.keys(upload):
            storage.delete_after_commit(key)


def _show(upload: Upload, asset_id: UUID, kind: str) -> None:
    """Put the asset into the scene it was brought for, if that is still there."""
    if upload.scene_id is None:
        return
    scene = Scene.objects.select_related("project").filter(pk=upload.scene_id).first()
    if scene is None:
        return
    changes: dict[str, Any] = {"recording_id" if kind == AssetKind.AUDIO else "image_id": asset_id}
    try:
        scripts.update_scene(scene=scene, **changes)
    except EditConflict:
        logger.info("upload_not_shown", extra={"upload_id": str(upload.pk)})


def _write(upload: Upload, **values: Any) -> bool:
    with tenant_context(upload.tenant_id):
        mine = Upload.objects.filter(pk=upload.pk, attempt=upload.attempt, state=UploadState.CHECKING)
        return bool(mine.update(**values))


def _hand_on(upload: Upload, *, pause: float = 0.0, **values: Any) -> None:
    if _write(upload, not_before=clock.now() + timedelta(seconds=pause), **values):
        with tenant_context(upload.tenant_id):
            receiving.ring(upload, countdown=pause)


def _retry_or_fail(upload: Upload, code: str, detail: str, *, is_retryable: bool) -> None:
    failures = upload.failures + 1
    if not is_retryable or failures >= conf.max_failures():
        _fail(upload, code=code, detail=detail)
        return
    _hand_on(upload, pause=back_off_seconds(failures), failures=failures)


def _fail(upload: Upload, *, code: str, detail: str) -> None:
    logger.info("upload_refused", extra={"code": code})
    if _write(upload, state=UploadState.FAILED, error_code=code[:40], error=detail[:300]):
        for key in receiving.keys(upload):
            storage.delete_file(key)


def _unusable(code: str, detail: str) -> UnusableFile:
    return UnusableFile(errors=[{"field": "file", "code": code, "detail": detail}])
