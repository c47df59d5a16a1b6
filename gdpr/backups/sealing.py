"""Streams in and out of a store: compressed (zstd), hashed (SHA-256), encrypted (age), a piece at a time.

The server needs only age's public key (https://age-encryption.org/v1). What was stored is described by a
`Sealed`; reading it back proves every byte against that description, and a cut-off or changed one is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pyrage
import zstandard

from gdpr.backups.errors import BackupError, Damaged
from gdpr.backups.stores import Reader, Store, Writer

CHUNK_BYTES = 1024 * 1024
LEVEL = 3


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """One stored object: its bytes as they lie there, and the plain bytes inside."""

    name: str
    size: int
    sha256: str
    plain_size: int
    plain_sha256: str
    is_compressed: bool = True


class DigestingReader:
    """Passes a stream on and remembers its size and hash."""

    def __init__(self, source: Reader) -> None:
        self.source, self.size, self.hash = source, 0, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """A piece of the stream."""
        piece = self.source.read(size)
        self.hash.update(piece)
        self.size += len(piece)
        return piece


class DigestingWriter:
    """Passes pieces on and remembers their size and hash; refuses more than `limit` bytes."""

    def __init__(self, target: Writer | None, *, limit: int | None = None) -> None:
        self.target, self.limit, self.size, self.hash = target, limit, 0, hashlib.sha256()

    def write(self, piece: bytes) -> int:
        """Take a piece."""
        self.size += len(piece)
        if self.limit is not None and self.size > self.limit:
            raise Damaged("There is more inside than the manifest promises.")
        self.hash.update(piece)
        if self.target is not None:
            self.target.write(piece)
        return len(piece)

    def flush(self) -> None:
        """zstd and age ask for it."""


class LineReader:
    """Lines, made while they are read, as a stream."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self.lines, self.rest = lines, bytearray()

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes of the lines; each ends with a newline."""
        while size < 0 or len(self.rest) < size:
            line = next(self.lines, None)
            if line is None:
                break
            self.rest += line + b"\n"
        wanted = len(self.rest) if size < 0 else size
        piece = bytes(self.rest[:wanted])
        del self.rest[:wanted]
        return piece


def seal(
    source: Reader, *, store: Store, name: str, recipients: Sequence[str], is_compressed: bool = True
) -> Sealed:
    """Store `source` under `name`, encrypted for `recipients` (age1…); nothing is stored when it raises."""
    plain = DigestingReader(source)
    compressor: Any = zstandard.ZstdCompressor(level=LEVEL)
    reader = compressor.stream_reader(plain) if is_compressed else plain
    with store.writing(name) as writer:
        stored = DigestingWriter(writer)
        try:
            pyrage.encrypt_io(reader, stored, _recipients(recipients))
        except pyrage.EncryptError as error:
            # age wraps what the source raised; a failed pg_dump ends here.
            raise BackupError(f"{name}: {error}") from error
    return Sealed(
        name=name,
        size=stored.size,
        sha256=stored.hash.hexdigest(),
        plain_size=plain.size,
        plain_sha256=plain.hash.hexdigest(),
        is_compressed=is_compressed,
    )


def put_plain(source: Reader, *, store: Store, name: str) -> Sealed:
    """Store `source` as it is. Only for what says nothing about anybody."""
    with store.writing(name) as writer:
        stored = DigestingWriter(writer)
        while piece := source.read(CHUNK_BYTES):
            stored.write(piece)
    size, sha256 = stored.size, stored.hash.hexdigest()
    return Sealed(
        name=name, size=size, sha256=sha256, plain_size=size, plain_sha256=sha256, is_compressed=False
    )


def plain_lines(sealed: Sealed, *, store: Store) -> Iterator[str]:
    """The lines of what `put_plain` stored, all of it proved before the first one. Raises Damaged."""
    check_stored(sealed, store=store)
    with _stored(sealed, store) as reader:
        rest = b""
        while piece := reader.read(CHUNK_BYTES):
            *lines, rest = (rest + piece).split(b"\n")
            yield from (line.decode() for line in lines)


def check_stored(sealed: Sealed, *, store: Store) -> None:
    """Read what is stored and compare it. Needs no key. Raises Damaged."""
    with _stored(sealed, store) as reader:
        _drain(reader)
        _compare_stored(sealed, reader)


def unseal(sealed: Sealed, target: Writer | None, *, store: Store, identities: Sequence[Any]) -> None:
    """Write the plain bytes to `target`, or only prove them. Raises Damaged.

    Bytes reach `target` before the last one is proved, so `target` is a scratch place.
    """
    plain = DigestingWriter(target, limit=sealed.plain_size)
    decompressor: Any = zstandard.ZstdDecompressor()
    writer = decompressor.stream_writer(plain) if sealed.is_compressed else plain
    with _stored(sealed, store) as reader:
        try:
            pyrage.decrypt_io(reader, writer, identities)
        except (pyrage.DecryptError, zstandard.ZstdError) as error:
            raise Damaged(f"{sealed.name} cannot be opened: {error}") from error
        except OSError as error:
            if error.errno is not None:
                raise
            raise Damaged(f"{sealed.name} cannot be opened: {error}") from error
        _drain(reader)
        _compare_stored(sealed, reader)
    if (plain.size, plain.hash.hexdigest()) != (sealed.plain_size, sealed.plain_sha256):
        raise Damaged(f"{sealed.name} opens, but does not hold what the manifest promises.")


@contextmanager
def _stored(sealed: Sealed, store: Store) -> Iterator[DigestingReader]:
    """The stored bytes, digested while they are read. An absent object is damage."""
    with ExitStack() as stack:
        try:
            source = stack.enter_context(store.reading(sealed.name))
        except FileNotFoundError:
            raise Damaged(f"{sealed.name} is not in the store.") from None
        yield DigestingReader(source)


def _drain(reader: DigestingReader) -> None:
    while reader.read(CHUNK_BYTES):
        pass


def _compare_stored(sealed: Sealed, reader: DigestingReader) -> None:
    if (reader.size, reader.hash.hexdigest()) != (sealed.size, sealed.sha256):
        raise Damaged(
            f"{sealed.name} was changed or cut off: {reader.size} bytes are stored, "
            f"{sealed.size} with another checksum are expected."
        )


def _recipients(addresses: Sequence[str]) -> list[Any]:
    try:
        return [pyrage.x25519.Recipient.from_str(address) for address in addresses]
    except pyrage.RecipientError as error:
        raise BackupError(f"BACKUP_RECIPIENTS holds no age recipient: {error}") from error
