"""Files appear whole or not at all."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rendering.media.errors import write_error


@contextmanager
def whole_file(path: str) -> Iterator[Path]:
    """Give a temporary name beside `path`; rename it into place on success, remove it on any error.

    Raises MediaError("no-space" or "encoder-failed") when the operating system refuses a write.
    """
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield partial
        partial.replace(target)
    except OSError as error:
        raise write_error(error) from error
    finally:
        partial.unlink(missing_ok=True)


def checksum(path: Path) -> int:
    """CRC-32 of a file: finds what a disk or a copy changed, at a gigabyte a second."""
    value = 0
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            value = zlib.crc32(part, value)
    return value
