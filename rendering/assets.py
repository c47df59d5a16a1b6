"""Files people upload: judged by their bytes, cleaned, metered, stored whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile

from cutroom import clock, scratch
from cutroom.crash_points import crash_at
from cutroom.errors import Unavailable
from metering import services as metering
from metering.meters import Meter
from rendering import conf
from rendering.errors import RenderRunning, UnusableFile
from rendering.intake import receiving, scan
from rendering.keys import asset_key, poster_key
from rendering.media import host
from rendering.media.errors import MediaCrashed, MediaError, MediaTimeout, is_disk_full
from rendering.media.foreign import VIDEO, container_of
from rendering.media.pictures import picture_format
from rendering.media.specs import PictureSpec, ProbeSpec, RecordingSpec, Spec
from rendering.models import ACTIVE_JOB_STATES, Asset, AssetKind, Project, RenderJob
from tenants import audit, storage
from tenants.context import current_actor

# Less than the database lets a transaction idle.
CLEANING_SECONDS = 30
KINDS = (
    "Pictures (PNG, JPEG, WebP), sound (MP3, WAV, FLAC, Ogg, M4A) and video (MP4, MOV, WebM, MKV) "
    "can be used."
)
CONTENT_TYPES = {AssetKind.IMAGE: "image/jpeg", AssetKind.AUDIO: "audio/flac", AssetKind.VIDEO: "video/mp4"}
_NAMES = {AssetKind.IMAGE: "picture", AssetKind.AUDIO: "sound", AssetKind.VIDEO: "video"}


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """What is kept of an upload: a file that we wrote, a clip's first picture, and facts about it."""

    kind: AssetKind
    path: Path
    poster: Path | None = None
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None


def is_clip(upload: UploadedFile) -> bool:
    """Does it look like a video? Those are made anew by a worker, not while somebody waits."""
    upload.seek(0)
    head = upload.read(16)
    upload.seek(0)
    name = container_of(head)
    # An M4A file says so in its brand; other files with `ftyp` may hold either.
    return name in VIDEO and head[8:11] != b"M4A"


def add_asset(*, project: Project, upload: UploadedFile) -> Asset:
    """Store an uploaded picture as a clean JPEG or a sound as FLAC, and count it as upload and storage.

    Raises UnusableFile for anything else, too large or damaged; QuotaExceeded; Unavailable on a full disk.
    The file is stored last, so a refusal leaves neither a row, a charge nor a file.
    """
    _refuse_size(upload)
    with scratch.directory("upload") as directory:
        try:
            path = file_on_disk(upload, directory)
            scan.refuse_infected(path)
            cleaned = _clean(path, directory)
            return keep(
                project=project,
                name=receiving.plain_name(upload.name or ""),
                cleaned=cleaned,
                user_id=current_actor().user_id,
            )
        except OSError as error:
            if not is_disk_full(error):
                raise
            raise Unavailable("The disk is full. Nothing was stored; try again later.") from error


def keep(*, project: Project, name: str, cleaned: Cleaned, user_id: UUID | None) -> Asset:
    """Make an asset of a cleaned file, charged and stored. Raises QuotaExceeded."""
    asset_id = uuid.uuid4()
    with cleaned.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    files = [path for path in (cleaned.path, cleaned.poster) if path is not None]
    asset = Asset(
        id=asset_id,
        tenant_id=project.tenant_id,
        project=project,
        kind=cleaned.kind,
        name=name,
        content_type=CONTENT_TYPES[cleaned.kind],
        size_bytes=sum(path.stat().st_size for path in files),
        sha256=sha256,
        storage_key=asset_key(tenant_id=project.tenant_id, asset_id=asset_id, kind=cleaned.kind),
        width=cleaned.width,
        height=cleaned.height,
        duration_seconds=cleaned.duration_seconds,
    )
    _meter(asset, user_id)
    asset.save()
    storage.store_file(asset.storage_key, cleaned.path)
    if cleaned.poster is not None:
        storage.store_file(poster_key(asset.storage_key), cleaned.poster)
    crash_at("asset-stored")
    detail = {"size_bytes": asset.size_bytes, "kind": str(asset.kind)}
    audit.record("asset.added", target=f"asset:{asset.pk}", detail=detail)
    return asset


def delete_asset(*, asset: Asset) -> None:
    """Remove an asset and give its storage back; scenes that show it get a drawn card.

    Raises RenderRunning while a running render needs it.
    """
    _refuse_in_use(asset)
    metering.record_level(
        tenant_id=asset.tenant_id,
        event_key=f"asset:{asset.pk}:deleted",
        meter=Meter.STORAGE,
        delta=-asset.size_bytes,
        subject=f"asset:{asset.pk}",
        project_id=asset.project_id,
        at=clock.now(),
    )
    for key in files_of(asset):
        storage.delete_after_commit(key)
    audit.record("asset.deleted", target=f"asset:{asset.pk}")
    asset.delete()


def files_of(asset: Asset) -> list[str]:
    """Keys of everything stored for an asset."""
    is_video = asset.kind == AssetKind.VIDEO
    return [asset.storage_key, *([poster_key(asset.storage_key)] if is_video else [])]


def still_key(asset: Asset) -> str:
    """Key of a picture of the asset: itself, or a clip's first."""
    return poster_key(asset.storage_key) if asset.kind == AssetKind.VIDEO else asset.storage_key


def clean_picture(path: Path, directory: Path) -> Cleaned:
    """Decode a picture in a child process, which a hostile file may crash. Raises MediaError."""
    out = directory / "picture.jpg"
    size = _run(PictureSpec(in_path=str(path), out_path=str(out)))
    return Cleaned(kind=AssetKind.IMAGE, path=out, width=size["width"], height=size["height"])


def clean_sound(path: Path, directory: Path) -> Cleaned:
    """Decode a sound in a child process and write it anew as FLAC. Raises MediaError."""
    out = directory / "sound.flac"
    found = _run(RecordingSpec(in_path=str(path), out_path=str(out), most_seconds=conf.MAX_SOUND_SECONDS))
    return Cleaned(kind=AssetKind.AUDIO, path=out, duration_seconds=found["duration_ms"] / 1000)


def _run(spec: Spec) -> dict[str, Any]:
    return host.run(spec, timeout_seconds=CLEANING_SECONDS)


def _refuse_size(upload: UploadedFile) -> None:
    if not upload.size:
        raise _unusable("empty", "This file is empty.")
    if upload.size > conf.MAX_UPLOAD_BYTES:
        raise _unusable("too-large", f"Files may have {conf.MAX_UPLOAD_BYTES // 1024**2} MB at most.")


def _clean(path: Path, directory: Path) -> Cleaned:
    with path.open("rb") as file:
        head = file.read(16)
    kind = AssetKind.AUDIO if container_of(head) else AssetKind.IMAGE
    try:
        if kind == AssetKind.IMAGE:
            if picture_format(head) is None:
                raise _unusable("unsupported-kind", KINDS)
            return clean_picture(path, directory)
        is_film = container_of(head) in VIDEO and _run(ProbeSpec(in_path=str(path)))["kind"] == "video"
        if is_film:
            raise _unusable("is-video", "Send videos to /api/v1/projects/{slug}/uploads.")
        return clean_sound(path, directory)
    except MediaError as error:
        if error.retryable:
            raise Unavailable(error.detail) from error
        raise _unusable(error.code, error.detail) from error
    except MediaCrashed as error:
        raise _unusable(f"{kind}-broken", f"This {_NAMES[kind]} could not be read. Save it anew.") from error
    except MediaTimeout as error:
        detail = f"This {_NAMES[kind]} could not be read in time. Try again, or a smaller one."
        raise Unavailable(detail) from error


def file_on_disk(upload: UploadedFile, directory: Path) -> Path:
    """Large uploads lie on disk already; small ones are written there."""
    if isinstance(upload, TemporaryUploadedFile):
        return Path(upload.temporary_file_path())
    path = directory / "upload"
    with path.open("wb") as file:
        shutil.copyfileobj(upload, file)
    return path


def _meter(asset: Asset, user_id: UUID | None) -> None:
    at = clock.now()
    for meter, amount in ((Meter.UPLOADS, 1), (Meter.STORAGE, asset.size_bytes)):
        metering.charge(
            tenant_id=asset.tenant_id,
            event_key=f"asset:{asset.pk}:{meter.value}",
            meter=meter,
            amount=amount,
            subject=f"asset:{asset.pk}",
            project_id=asset.project_id,
            user_id=user_id,
            at=at,
        )


def _refuse_in_use(asset: Asset) -> None:
    active = RenderJob.objects.filter(project_id=asset.project_id, state__in=ACTIVE_JOB_STATES)
    for script in active.values_list("script", flat=True):
        files = [
            script.get("music_asset"),
            *(file for scene in script["scenes"] for file in _files_in(scene)),
        ]
        if any(file and file["storage_key"] == asset.storage_key for file in files):
            raise RenderRunning("A running render needs this file. Cancel it or wait until it has ended.")


def _files_in(scene: dict[str, Any]) -> list[dict[str, Any] | None]:
    return [scene["asset"], scene.get("recording")]


def _unusable(code: str, detail: str) -> UnusableFile:
    return UnusableFile(errors=[{"field": "file", "code": code, "detail": detail}])
