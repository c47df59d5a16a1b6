"""Files people upload: judged by their bytes, cleaned, metered, stored whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile

from cutroom import clock, scratch
from cutroom.crash_points import crash_at
from cutroom.errors import Unavailable
from metering import services as metering
from metering.meters import Meter
from rendering import conf
from rendering.errors import RenderRunning, UnusableFile
from rendering.media import host
from rendering.media.errors import MediaCrashed, MediaError, MediaTimeout, is_disk_full
from rendering.media.specs import PictureSpec
from rendering.models import ACTIVE_JOB_STATES, Asset, AssetKind, Project, RenderJob
from tenants import audit, storage
from tenants.context import current_actor

# Less than the database lets a transaction idle.
PICTURE_TIMEOUT_SECONDS = 30
MOST_NAME_LETTERS = 200

# First bytes of sound and video files: RFC 3533, RFC 9639, ISO/IEC 14496-12, RFC 8794, WAVE, ID3, MPEG audio.
_SOUND_OR_VIDEO = (
    (0, b"OggS"),
    (0, b"fLaC"),
    (4, b"ftyp"),
    (0, b"\x1aE\xdf\xa3"),
    (8, b"WAVE"),
    (8, b"AVI "),
    (0, b"ID3"),
    (0, b"\xff\xfb"),
)


def add_asset(*, project: Project, upload: UploadedFile) -> Asset:
    """Store an uploaded picture (PNG, JPEG or WebP) as a clean JPEG and count it as upload and storage.

    Raises UnusableFile for anything else, too large or damaged; QuotaExceeded; Unavailable on a full disk.
    The file is stored last, so a refusal leaves neither a row, a charge nor a file.
    """
    _refuse_at_sight(upload)
    with scratch.directory("upload") as directory:
        picture = directory / "picture.jpg"
        try:
            size = _clean_picture(upload, directory, picture)
            asset = _asset(project, upload, picture, size)
            _meter(asset)
            asset.save()
            storage.store_file(asset.storage_key, picture)
            crash_at("asset-stored")
        except OSError as error:
            if not is_disk_full(error):
                raise
            raise Unavailable("The disk is full. Nothing was stored; try again later.") from error
    audit.record("asset.added", target=f"asset:{asset.pk}", detail={"size_bytes": asset.size_bytes})
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
    storage.delete_after_commit(asset.storage_key)
    audit.record("asset.deleted", target=f"asset:{asset.pk}")
    asset.delete()


def _refuse_at_sight(upload: UploadedFile) -> None:
    if not upload.size:
        raise _unusable("empty", "This file is empty.")
    if upload.size > conf.MAX_UPLOAD_BYTES:
        raise _unusable("too-large", f"Files may have {conf.MAX_UPLOAD_BYTES // 1024**2} MB at most.")
    upload.seek(0)
    head = upload.read(16)
    upload.seek(0)
    if any(head[offset:].startswith(mark) for offset, mark in _SOUND_OR_VIDEO):
        raise _unusable("unsupported-kind", "Only pictures can be uploaded so far: PNG, JPEG or WebP.")


def _clean_picture(upload: UploadedFile, directory: Path, out_path: Path) -> dict[str, Any]:
    """Decode in a child process, which a hostile file may crash; returns {"width", "height"} in pixels."""
    spec = PictureSpec(in_path=str(_path_of(upload, directory)), out_path=str(out_path))
    try:
        return host.run(spec, timeout_seconds=PICTURE_TIMEOUT_SECONDS)
    except MediaError as error:
        if error.retryable:
            raise Unavailable(error.detail) from error
        raise _unusable(error.code, error.detail) from error
    except MediaCrashed as error:
        raise _unusable("image-broken", "This picture could not be read. Save it anew.") from error
    except MediaTimeout as error:
        raise Unavailable("This picture could not be read in time. Try again, or a smaller one.") from error


def _path_of(upload: UploadedFile, directory: Path) -> Path:
    """Large uploads lie on disk already; small ones are written there."""
    if isinstance(upload, TemporaryUploadedFile):
        return Path(upload.temporary_file_path())
    path = directory / "upload"
    with path.open("wb") as file:
        shutil.copyfileobj(upload, file)
    return path


def _asset(project: Project, upload: UploadedFile, picture: Path, size: dict[str, Any]) -> Asset:
    asset_id = uuid.uuid4()
    with picture.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Asset(
        id=asset_id,
        tenant_id=project.tenant_id,
        project=project,
        kind=AssetKind.IMAGE,
        name=_name(upload),
        content_type="image/jpeg",
        size_bytes=picture.stat().st_size,
        sha256=sha256,
        storage_key=storage.storage_key(tenant_id=project.tenant_id, area="assets", name=f"{asset_id}.jpg"),
        width=size["width"],
        height=size["height"],
    )


def _name(upload: UploadedFile) -> str:
    """The file's own name without control characters; a long one keeps its ending."""
    name = Path("".join(letter for letter in upload.name or "" if letter.isprintable()))
    ending = name.suffix[:20]
    return f"{name.stem[: MOST_NAME_LETTERS - len(ending)]}{ending}" or "picture"


def _meter(asset: Asset) -> None:
    at = clock.now()
    for meter, amount in ((Meter.UPLOADS, 1), (Meter.STORAGE, asset.size_bytes)):
        metering.charge(
            tenant_id=asset.tenant_id,
            event_key=f"asset:{asset.pk}:{meter.value}",
            meter=meter,
            amount=amount,
            subject=f"asset:{asset.pk}",
            project_id=asset.project_id,
            user_id=current_actor().user_id,
            at=at,
        )


def _refuse_in_use(asset: Asset) -> None:
    active = RenderJob.objects.filter(project_id=asset.project_id, state__in=ACTIVE_JOB_STATES)
    for script in active.values_list("script", flat=True):
        if any((scene["asset"] or {}).get("storage_key") == asset.storage_key for scene in script["scenes"]):
            raise RenderRunning("A running render shows this picture. Cancel it or wait until it has ended.")


def _unusable(code: str, detail: str) -> UnusableFile:
    return UnusableFile(errors=[{"field": "file", "code": code, "detail": detail}])
