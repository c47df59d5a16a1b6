"""Stored objects, in a folder or a bucket; nobody else knows which.

One function builds keys, all under tenants/{tenant_id}/; a file is whole or absent.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage, storages
from django.db import transaction

from cutroom.crash_points import crash_at
from tenants import conf, tombstones
from tenants.errors import TenantErased
from tenants.facts import Bucket, Facts

ROOT = "tenants"

_COPIES_AT_ONCE = 8

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


def storage_key(*, tenant_id: UUID, area: str, name: str) -> str:
    """The key of one object: tenants/{tenant_id}/{area}/{name}.

    Raises ValueError for an unknown area and for names that are empty, absolute, hidden, encoded or climb.
    """
    if area not in conf.storage_areas():
        raise ValueError(f"{area} is not a storage area")
    if not _NAME.fullmatch(name) or ".." in name:
        raise ValueError("a storage name is letters, digits, dots, dashes and slashes, and never climbs")
    return f"{folder_of(tenant_id)}/{area}/{name}"


def folder_of(tenant_id: UUID) -> str:
    """Where everything a tenant stored lies."""
    return f"{ROOT}/{tenant_id}"


def folders() -> Iterator[UUID]:
    """Of which tenants there may be objects, those without a row included."""
    for name in _listed(ROOT)[0]:
        with suppress(ValueError):
            yield UUID(name)


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
    with local_paths([key]) as paths:
        yield paths[key]


@contextmanager
def local_paths(keys: Iterable[str], *, within: Path | None = None) -> Iterator[dict[str, Path]]:
    """As `local_path`, of several at once. Copies lie in `within`, or where temporary files lie."""
    wanted = list(dict.fromkeys(keys))
    places = {key: _local(key) for key in wanted}
    local = {key: place for key, place in places.items() if place is not None}
    if len(local) == len(wanted):
        yield local
        return
    with tempfile.TemporaryDirectory(prefix="cutroom-", dir=within) as directory:
        copies = {key: Path(directory, f"{n}{Path(key).suffix}") for n, key in enumerate(wanted)}
        # A store far away answers several as fast as one.
        with ThreadPoolExecutor(max_workers=_COPIES_AT_ONCE) as pool:
            list(pool.map(copy_to, copies.keys(), copies.values()))
        yield copies


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
        crash_at("before-file-delete")
        delete_file(key)

    transaction.on_commit(delete)


def file_exists(key: str) -> bool:
    """Is there an object under `key`?"""
    return default_storage.exists(key)


def names_in(*, tenant_id: UUID, area: str) -> list[str]:
    """Names of the objects that lie directly in an area of a tenant, sorted; empty when there are none."""
    try:
        return sorted(default_storage.listdir(_top(tenant_id, area))[1])
    except FileNotFoundError:
        return []


def stored_bytes(*, tenant_id: UUID, area: str) -> int:
    """How many bytes a tenant has in an area. Asks the store for every file there: for nightly work."""
    return sum(each.size_bytes for each in objects_below(_top(tenant_id, area)))


def names_below(*, tenant_id: UUID, area: str) -> Iterator[str]:
    """Names of all objects in an area of a tenant, those in folders included, in a steady order."""
    top = _top(tenant_id, area)
    return (each.key.removeprefix(f"{top}/") for each in objects_below(top))


def objects_below(directory: str, *, with_halves: bool = False) -> Iterator[Facts]:
    """Every object at any depth of a directory, in a steady order; without those still being written."""
    bucket = _bucket()
    found = bucket.below(f"{directory}/") if bucket else _walk(directory)
    return (each for each in found if with_halves or not each.key.rpartition("/")[2].startswith("."))


def delete_below(directory: str) -> int:
    """Remove everything in a directory: half-written objects and older versions too; how many there were."""
    bucket = _bucket()
    if bucket:
        return bucket.remove_below(f"{directory}/")
    directories, names = _listed(directory)
    removed = sum(delete_below(f"{directory}/{name}") for name in directories)
    for name in names:
        default_storage.delete(f"{directory}/{name}")
    default_storage.delete(directory)
    return removed + len(names)


def left_below(directory: str) -> int:
    """How much `delete_below` would still find."""
    bucket = _bucket()
    if bucket:
        return bucket.left_below(f"{directory}/")
    directories, names = _listed(directory)
    return len(names) + sum(left_below(f"{directory}/{name}") for name in directories)


def facts(key: str) -> Facts:
    """Size, time and fingerprint of an object, in one look. Raises FileNotFoundError."""
    bucket, local = _bucket(), _local(key)
    if bucket:
        return bucket.facts(key)
    if local is not None:
        status = local.stat()
        modified_at = datetime.fromtimestamp(status.st_mtime, tz=UTC)
        return Facts(key=key, size_bytes=status.st_size, modified_at=modified_at)
    size_bytes, modified_at = default_storage.size(key), default_storage.get_modified_time(key)
    return Facts(key=key, size_bytes=size_bytes, modified_at=modified_at)


def file_size(key: str) -> int:
    """Size of a stored object in bytes. Raises FileNotFoundError."""
    return facts(key).size_bytes


def place() -> str:
    """Where objects lie, for people: a directory or a bucket."""
    backend: Any = _backend()
    is_local = isinstance(backend, FileSystemStorage)
    return str(backend.location if is_local else f"bucket {getattr(backend, 'bucket_name', '?')}")


def _top(tenant_id: UUID, area: str) -> str:
    return storage_key(tenant_id=tenant_id, area=area, name="any").removesuffix("/any")


def _bucket() -> Bucket | None:
    backend: Any = _backend()
    return backend if hasattr(backend, "remove_below") else None


def _walk(directory: str) -> Iterator[Facts]:
    directories, names = _listed(directory)
    for name in names:
        with suppress(FileNotFoundError):
            yield _facts_or_link(f"{directory}/{name}")
    for name in directories:
        yield from _walk(f"{directory}/{name}")


def _facts_or_link(key: str) -> Facts:
    """What vanishes meanwhile raises FileNotFoundError; a link to nowhere is there, and cannot be read."""
    try:
        return facts(key)
    except FileNotFoundError:
        local = _local(key)
        if local is None or not local.is_symlink():
            raise
        return Facts(key=key, size_bytes=0, modified_at=datetime.fromtimestamp(0, tz=UTC))


def _listed(directory: str) -> tuple[list[str], list[str]]:
    try:
        directories, names = default_storage.listdir(directory)
    except FileNotFoundError:
        return [], []
    return sorted(directories), sorted(names)


def _local(key: str) -> Path | None:
    return Path(default_storage.path(key)) if isinstance(_backend(), FileSystemStorage) else None


def _backend() -> object:
    # default_storage is a lazy proxy; isinstance must see what is behind it.
    return storages["default"]


def _upload(key: str, path: Path) -> None:
    with path.open("rb") as source:
        name = default_storage.save(key, File(source))
    if name != key:
        # A store that keeps both would answer with the old one for ever.
        default_storage.delete(name)
        raise OSError("the store does not replace files; set its file_overwrite")


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
