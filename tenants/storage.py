"""Stored objects. One function builds keys, all under tenants/{tenant_id}/; a file is whole or absent."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage, storages
from django.db import transaction

from tenants import tombstones
from tenants.errors import TenantErased

AREAS = frozenset({"assets", "cache", "videos", "exports", "audit"})

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


def storage_key(*, tenant_id: UUID, area: str, name: str) -> str:
    """The key of one object: tenants/{tenant_id}/{area}/{name}.

    Raises ValueError for an unknown area and for names that are empty, absolute, hidden, encoded or climb.
    """
    if area not in AREAS:
        raise ValueError(f"{area} is not a storage area")
    if not _NAME.fullmatch(name) or ".." in name:
        raise ValueError("a storage name is letters, digits, dots, dashes and slashes, and never climbs")
    return f"tenants/{tenant_id}/{area}/{name}"


def store_file(key: str, path: Path) -> None:
    """Store the file at `path` under `key`: readers see all of it or none. Replaces an older one.

    A local store moves the file when it can; `path` may be gone afterwards. Raises OSError when it fails,
    for instance on a full disk, and TenantErased; nothing is then left behind.
    """
    _put(key, path)
    # Asked afterwards: an erasure sets the tombstone, then removes files, so one of the two sees this one.
    if tombstones.stands_for(key):
        default_storage.delete(key)
        raise TenantErased()


def _put(key: str, path: Path) -> None:
    target = _local(key)
    if target is None:
        _upload(key, path)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.stat().st_dev == target.parent.stat().st_dev:
        _flush(path)
        path.replace(target)
    else:
        _copy_aside(path, target)
    _flush(target.parent)


def open_file(key: str) -> IO[bytes]:
    """Open a stored object for reading. Raises FileNotFoundError."""
    return default_storage.open(key, "rb")


@contextmanager
def local_path(key: str) -> Iterator[Path]:
    """A readable local path of a stored object: its own place, or a copy that is removed afterwards."""
    local = _local(key)
    if local is not None:
        yield local
        return
    with tempfile.TemporaryDirectory(prefix="cutroom-") as directory:
        copy = Path(directory) / Path(key).name
        copy_to(key, copy)
        yield copy


def copy_to(key: str, path: Path) -> None:
    """Copy a stored object to `path`; a local store links it instead of copying when it can."""
    local = _local(key)
    if local is not None:
        try:
            path.hardlink_to(local)
        except OSError:
            shutil.copyfile(local, path)
        return
    with open_file(key) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target, 1024 * 1024)


def delete_file(key: str) -> None:
    """Remove an object; removing an absent one is fine."""
    default_storage.delete(key)


def delete_after_commit(key: str) -> None:
    """Remove an object once the transaction that forgets it has committed."""

    def delete() -> None:
        delete_file(key)

    transaction.on_commit(delete)


def file_exists(key: str) -> bool:
    """Is there an object under `key`?"""
    return default_storage.exists(key)


def names_in(*, tenant_id: UUID, area: str) -> list[str]:
    """Names of the objects that lie directly in an area of a tenant, sorted; empty when there are none."""
    # The key of any object there tells the directory.
    directory = _top(tenant_id, area)
    try:
        return sorted(default_storage.listdir(directory)[1])
    except FileNotFoundError:
        return []


def stored_bytes(*, tenant_id: UUID, area: str) -> int:
    """How many bytes a tenant has in an area. Asks the store for every file there: for nightly work."""
    return sum(file_size(key) for key in _keys_below(_top(tenant_id, area)))


def names_below(*, tenant_id: UUID, area: str) -> Iterator[str]:
    """Names of all objects in an area of a tenant, those in folders included, in a steady order."""
    top = _top(tenant_id, area)
    return (key.removeprefix(f"{top}/") for key in _keys_below(top))


def file_size(key: str) -> int:
    """Size of a stored object in bytes. Raises FileNotFoundError."""
    return default_storage.size(key)


def fingerprint(key: str) -> str:
    """Changes whenever the object does: a hash of its key, size and time. Raises FileNotFoundError."""
    modified = default_storage.get_modified_time(key).timestamp()
    return hashlib.sha256(f"{key}:{file_size(key)}:{modified}".encode()).hexdigest()[:32]


def place() -> str:
    """Where objects lie, for people: a directory or a bucket."""
    backend: Any = _backend()
    is_local = isinstance(backend, FileSystemStorage)
    return str(backend.location if is_local else f"bucket {getattr(backend, 'bucket_name', '?')}")


def _top(tenant_id: UUID, area: str) -> str:
    return storage_key(tenant_id=tenant_id, area=area, name="any").removesuffix("/any")


def _keys_below(directory: str) -> Iterator[str]:
    """Files at any depth; those that are still being written are hidden."""
    try:
        directories, names = default_storage.listdir(directory)
    except FileNotFoundError:
        return
    yield from (f"{directory}/{name}" for name in sorted(names) if not name.startswith("."))
    for name in sorted(directories):
        yield from _keys_below(f"{directory}/{name}")


def _local(key: str) -> Path | None:
    return Path(default_storage.path(key)) if isinstance(_backend(), FileSystemStorage) else None


def _backend() -> object:
    # default_storage is a lazy proxy; isinstance must see what is behind it.
    return storages["default"]


def _upload(key: str, path: Path) -> None:
    if default_storage.exists(key):
        default_storage.delete(key)
    with path.open("rb") as source:
        default_storage.save(key, File(source))


def _copy_aside(path: Path, target: Path) -> None:
    aside = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        shutil.copyfile(path, aside)
        _flush(aside)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
