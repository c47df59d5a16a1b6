"""Where backups lie: a folder or a bucket. The seam is six calls wide; a write is whole or absent."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import urlsplit

from gdpr.backups.errors import BackupError


class Writer(Protocol):
    """Takes the bytes of one object, piece by piece."""

    def write(self, piece: bytes, /) -> object:
        """Take a piece."""


class Reader(Protocol):
    """Gives the bytes of one object, piece by piece."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; none at the end."""


class Store(Protocol):
    """Objects by name. Names are ours: letters, digits, dots, dashes and slashes."""

    def writing(self, name: str) -> AbstractContextManager[Writer]:
        """Write an object; it appears when the block ends well, and not at all when it raises."""

    def reading(self, name: str) -> AbstractContextManager[Reader]:
        """Read an object. Raises FileNotFoundError."""

    def names(self, prefix: str) -> Iterator[tuple[str, int]]:
        """(name, bytes) of every object whose name starts with `prefix`, sorted by name."""

    def delete(self, name: str) -> None:
        """Remove an object; an absent one is fine."""

    def free_bytes(self) -> int | None:
        """Room left; None where nobody can say."""

    def remove_leftovers(self) -> None:
        """Remove what killed writers left. Call it while nobody else writes."""


def open_store(address: str) -> Store:
    """The store at `address`: a path, or s3://bucket/prefix. Raises BackupError for another scheme."""
    parts = urlsplit(address)
    if parts.scheme == "s3":
        from gdpr.backups.s3 import S3Store

        return S3Store(bucket=parts.netloc, prefix=parts.path.strip("/"))
    if parts.scheme not in ("", "file"):
        raise BackupError(f"BACKUP_STORE is {address}; it must be a path or s3://bucket/prefix.")
    return LocalStore(Path(parts.path))


class LocalStore:
    """A folder, perhaps a mounted one."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """Write aside, flush to the disk, then rename: a killed writer leaves only a `.part`."""
        target = self.root / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
        try:
            with aside.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
        _flush_directory(target.parent)

    @contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        """Read a file of the folder."""
        with (self.root / name).open("rb") as file:
            yield file

    def names(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Walk the folder in the order of the names."""
        # Only whole folders are walked, so that a prefix costs no more than what lies under it.
        start = self.root / prefix.rpartition("/")[0]
        for path in _files(start):
            name = path.relative_to(self.root).as_posix()
            if name.startswith(prefix) and not path.name.startswith("."):
                yield name, path.stat().st_size

    def delete(self, name: str) -> None:
        """Remove a file, and the folders it leaves empty."""
        path = self.root / name
        path.unlink(missing_ok=True)
        for parent in path.parents:
            if parent == self.root or not parent.is_dir() or any(parent.iterdir()):
                return
            parent.rmdir()

    def remove_leftovers(self) -> None:
        """Half-written files have names of their own."""
        for path in self.root.rglob(".*.part"):
            path.unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """Room on the disk of the folder."""
        existing = next(path for path in (self.root, *self.root.parents) if path.exists())
        return shutil.disk_usage(existing).free


def _files(folder: Path) -> Iterator[Path]:
    """Files below `folder`, sorted as their names are: "a/b" comes after "a-b", so folders count with "/"."""
    if not folder.is_dir():
        return
    entries = [(entry.name + "/" * entry.is_dir(), Path(entry.path)) for entry in os.scandir(folder)]
    for name, path in sorted(entries):
        if name.endswith("/"):
            yield from _files(path)
        else:
            yield path


def _flush_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
