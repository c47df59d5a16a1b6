"""One ZIP, written chunk by chunk: Zip64, a hash of every member, and never a whole file in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from zipstream import ZIP_DEFLATED, ZIP_STORED, ZipStream

from gdpr.export.hashing import Hasher

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file in the archive."""

    path: str
    size_bytes: int
    sha256: str


class Archive:
    """A ZIP being written to `target`. `tick` is called with the number of bytes of each chunk."""

    def __init__(self, target: IO[bytes], *, tick: Callable[[int], None]) -> None:
        self._target = target
        self._tick = tick
        self._zip = ZipStream(compress_type=ZIP_DEFLATED)

    def add(self, path: str, chunks: Iterator[bytes], *, is_compressed: bool = False) -> Member:
        """Write one member; pictures and films are compressed already."""
        with Hasher() as hasher:
            kind = ZIP_STORED if is_compressed else ZIP_DEFLATED
            # Without a size, zipstream writes Zip64 records, so no file is too large.
            self._zip.add(_fed(chunks, hasher), path, compress_type=kind)
            self._write(self._zip.file())
        return Member(path=path, size_bytes=hasher.size_bytes, sha256=hasher.hexdigest)

    def close(self) -> None:
        """Write the directory of the archive."""
        self._write(self._zip.finalize())

    def _write(self, chunks: Iterator[bytes]) -> None:
        for chunk in chunks:
            self._target.write(chunk)
            self._tick(len(chunk))


def chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of an open file."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def chunks_at(path: Path) -> Iterator[bytes]:
    """The bytes of a file at a path."""
    with path.open("rb") as file:
        yield from chunks_of(file)


def _fed(chunks: Iterator[bytes], hasher: Hasher) -> Iterator[bytes]:
    for chunk in chunks:
        hasher.feed(chunk)
        yield chunk
