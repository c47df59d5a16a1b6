"""Pieces of a file, each stored whole before it counts. A cut connection costs the piece it cut, no more.

The protocol is tus 1.0.0 with creation, expiration and termination: https://tus.io/protocols/resumable-upload
"""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile

from cutroom import dispatch, scratch
from cutroom.errors import InvalidInput, Unavailable
from metering import selectors as metering_selectors
from metering.meters import Meter
from rendering import conf
from rendering.errors import PieceTooLarge, TooManyUploads, UploadOver, WrongOffset
from rendering.intake.models import Upload, UploadState
from rendering.media.errors import is_disk_full
from rendering.models import Project, Scene
from tenants import audit, storage
from tenants.context import tenant_context

MOST_OPEN = 20
KEPT_FOR = timedelta(hours=24)
_COPY_BYTES = 1024 * 1024


def begin(
    *,
    project: Project,
    name: str,
    length: int,
    user_id: UUID | None,
    at: datetime,
    scene: Scene | None = None,
) -> Upload:
    """Open an upload of `length` bytes. Raises InvalidInput, TooManyUploads, QuotaExceeded.

    The quota is looked at now, so that nobody sends gigabytes in vain, and charged for what is kept.
    """
    if not 0 < length <= conf.MAX_RESUMABLE_BYTES:
        most = conf.MAX_RESUMABLE_BYTES // 1024**3
        detail = f"Files may have 1 byte to {most} GB."
        raise InvalidInput(errors=[{"field": "size", "code": "range", "detail": detail}])
    if Upload.objects.filter(state__in=[UploadState.RECEIVING, UploadState.CHECKING]).count() >= MOST_OPEN:
        raise TooManyUploads
    wanted = {Meter.UPLOADS: 1, Meter.STORAGE: length}
    metering_selectors.raise_if_refused(tenant_id=project.tenant_id, amounts=wanted, at=at)
    upload = Upload.objects.create(
        project=project,
        scene=scene,
        name=plain_name(name),
        length=length,
        not_before=at,
        created_by=user_id,
        created_at=at,
        expires_at=at + KEPT_FOR,
    )
    audit.record("upload.begun", target=f"upload:{upload.pk}", detail={"size_bytes": length})
    return upload


def take_piece(
    *, tenant_id: UUID, upload_id: UUID, offset: int, source: IO[bytes], declared_bytes: int | None
) -> Upload:
    """Store the bytes of `source` as the piece that begins at `offset`; the upload as it is then.

    Opens its own transactions and holds none while it reads. Raises WrongOffset, UploadOver, PieceTooLarge,
    NotFound, Unavailable on a full disk. Bytes count only once they are stored, so the same piece may be sent
    again after any fault.
    """
    if declared_bytes is not None and declared_bytes > conf.MAX_PIECE_BYTES:
        raise _too_large()
    with tenant_context(tenant_id):
        upload = _open(upload_id, offset)
    try:
        with scratch.directory("piece") as directory:
            path = directory / "piece"
            size = _copy(source, path, most=min(conf.MAX_PIECE_BYTES, upload.length - offset))
            if size:
                key = part_key(upload, offset)
                storage.store_file(key, path)
                return _count(tenant_id, upload_id, offset=offset, size=size)
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise Unavailable("The disk is full. Send this piece again later.") from error
    return upload


def receive_whole(
    *, project: Project, file: UploadedFile, user_id: UUID | None, at: datetime, scene: Scene | None = None
) -> Upload:
    """Take a file that came in one request, and have it looked at by a worker. Raises as `begin` does."""
    name, length = file.name or "", file.size or 0
    upload = begin(project=project, name=name, length=length, user_id=user_id, at=at, scene=scene)
    with scratch.directory("piece") as directory:
        path = directory / "piece"
        with path.open("wb") as target:
            shutil.copyfileobj(file, target)
        storage.store_file(part_key(upload, 0), path)
    upload.parts, upload.offset = [{"offset": 0, "bytes": length}], length
    upload.save(update_fields=["parts", "offset"])
    finish_if_whole(upload)
    return upload


def finish_if_whole(upload: Upload) -> None:
    """Ask for a worker once every byte is here. Inside the transaction that counted the last one."""
    if upload.offset == upload.length and upload.state == UploadState.RECEIVING:
        upload.state = UploadState.CHECKING
        upload.save(update_fields=["state"])
        ring(upload)


def ring(upload: Upload, *, countdown: float = 0.0) -> None:
    """Ask for a worker, after commit."""
    dispatch.after_commit(
        "rendering.take_in",
        queue="image",
        countdown=countdown,
        tenant_id=str(upload.tenant_id),
        upload_id=str(upload.pk),
    )


def give_up(upload: Upload) -> None:
    """Forget an upload and its pieces; an asset that came of it stays."""
    for key in keys(upload):
        storage.delete_after_commit(key)
    upload.delete()


def part_key(upload: Upload, offset: int) -> str:
    """Where a piece lies until the file is whole."""
    return storage.storage_key(
        tenant_id=upload.tenant_id, area="assets", name=f"incoming/{upload.pk}/{offset:014d}"
    )


def whole_key(upload: Upload) -> str:
    """Where the whole file lies while it is looked at."""
    return storage.storage_key(tenant_id=upload.tenant_id, area="assets", name=f"incoming/{upload.pk}/whole")


def slice_key(upload: Upload, number: int) -> str:
    """Where a part of a clip lies until all are made."""
    return storage.storage_key(
        tenant_id=upload.tenant_id, area="assets", name=f"incoming/{upload.pk}/slice-{number:03d}.mp4"
    )


def keys(upload: Upload) -> list[str]:
    """Everything that lies in the store for an upload."""
    parts = [part_key(upload, part["offset"]) for part in upload.parts]
    return [*parts, whole_key(upload), *(slice_key(upload, n) for n in range(len(upload.slices) + 1))]


def plain_name(name: str) -> str:
    """The file's own name without control characters and folders; a long one keeps its ending."""
    path = Path("".join(letter for letter in name.rpartition("\\")[2] if letter.isprintable()))
    ending = path.suffix[:20]
    return f"{path.stem[: 200 - len(ending)]}{ending}" or "file"


def _open(upload_id: UUID, offset: int, *, is_locked: bool = False) -> Upload:
    from rendering.selectors import upload as find

    upload = find(upload_id, is_locked=is_locked)
    if upload.state != UploadState.RECEIVING:
        raise UploadOver
    if upload.offset != offset:
        raise WrongOffset(f"{upload.offset} bytes are here; this piece begins at {offset}.")
    return upload


def _copy(source: IO[bytes], path: Path, *, most: int) -> int:
    """Copy what comes, up to `most`; a source that breaks off has given what it has given."""
    size = 0
    with path.open("wb") as target:
        while block := _next(source):
            size += len(block)
            if size > most:
                raise _too_large()
            target.write(block)
    return size


def _next(source: IO[bytes]) -> bytes:
    try:
        return source.read(_COPY_BYTES)
    except (ConnectionError, EOFError):
        return b""


def _count(tenant_id: UUID, upload_id: UUID, *, offset: int, size: int) -> Upload:
    with tenant_context(tenant_id):
        upload = _open(upload_id, offset, is_locked=True)
        upload.parts = [*upload.parts, {"offset": offset, "bytes": size}]
        upload.offset = offset + size
        upload.save(update_fields=["parts", "offset"])
        finish_if_whole(upload)
    return upload


def _too_large() -> PieceTooLarge:
    return PieceTooLarge(
        f"A piece may have {conf.MAX_PIECE_BYTES // 1024**2} MB, and not reach over the end."
    )
