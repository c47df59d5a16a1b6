"""Which characters a font file can draw, read from its `cmap` table.

OpenType 1.9.1, chapters "Organization of an OpenType font" and "cmap". Pillow does not expose the table.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

# (platform, encoding) of Unicode tables, the fullest first.
UNICODE_TABLES = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3), (0, 2), (0, 1), (0, 0))


class Coverage:
    """A set of code points kept as sorted ranges, so 45,000 ideographs cost a few kilobytes."""

    def __init__(self, ranges: list[tuple[int, int]]) -> None:
        ordered = sorted(ranges)
        self._starts = [first for first, _ in ordered]
        self._ends = [last for _, last in ordered]

    def __contains__(self, char: str) -> bool:
        place = bisect_right(self._starts, ord(char)) - 1
        return place >= 0 and ord(char) <= self._ends[place]


@lru_cache(maxsize=128)
def coverage(path: Path, index: int = 0) -> Coverage:
    """The characters of font number `index` in the file. An unreadable file covers nothing."""
    try:
        return Coverage(_unicode_ranges(read_table(path, tag=b"cmap", index=index)))
    except (OSError, struct.error, KeyError):
        return Coverage([])


def read_table(path: Path, *, tag: bytes, index: int = 0) -> bytes:
    """The bytes of one table of a TrueType, OpenType or collection file. KeyError if it has none."""
    with path.open("rb") as file:
        start = 0
        if file.read(4) == b"ttcf":
            file.seek(12 + 4 * index)
            (start,) = struct.unpack(">I", file.read(4))
        file.seek(start + 4)
        (count,) = struct.unpack(">H6x", file.read(8))
        directory = [struct.unpack(">4s4xII", file.read(16)) for _ in range(count)]
        offset, length = {name: (offset, length) for name, offset, length in directory}[tag]
        file.seek(offset)
        return file.read(length)


def _unicode_ranges(cmap: bytes) -> list[tuple[int, int]]:
    (count,) = struct.unpack_from(">2xH", cmap)
    records = [struct.unpack_from(">HHI", cmap, 4 + 8 * n) for n in range(count)]
    offsets = {(platform, encoding): offset for platform, encoding, offset in records}
    for key in UNICODE_TABLES:
        if key in offsets:
            return _subtable_ranges(cmap, offsets[key])
    return []


def _subtable_ranges(cmap: bytes, offset: int) -> list[tuple[int, int]]:
    (layout,) = struct.unpack_from(">H", cmap, offset)
    if layout == 12:
        (count,) = struct.unpack_from(">12xI", cmap, offset)
        groups = (struct.unpack_from(">III", cmap, offset + 16 + 12 * n) for n in range(count))
        return [(first, last) for first, last, _ in groups]
    if layout == 4:
        return _segment_ranges(cmap, offset)
    return []


def _segment_ranges(cmap: bytes, offset: int) -> list[tuple[int, int]]:
    (double,) = struct.unpack_from(">6xH", cmap, offset)
    shape = f">{double // 2}H"
    ends = struct.unpack_from(shape, cmap, offset + 14)
    starts = struct.unpack_from(shape, cmap, offset + 16 + double)
    return [(first, last) for first, last in zip(starts, ends, strict=True) if first != 0xFFFF]
