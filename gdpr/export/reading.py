"""An archive from elsewhere, believed in nothing: names, sizes and hashes are proved before it is used."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import jsonschema

from gdpr.export.archive import chunks_of
from gdpr.export.errors import NotImportable
from gdpr.export.manifest import SCHEMA_PATH

MANIFEST, INDEX = "manifest.json", "index.html"
MAX_MANIFEST_BYTES = 64 * 1024 * 1024
MAX_LINE_BYTES = 16 * 1024 * 1024

_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class Source:
    """An archive whose manifest holds: exactly its members, each with the size and hash it says."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._refuse_strange_members()
        self.manifest: dict[str, Any] = self._read_manifest()
        self.files: dict[str, dict[str, Any]] = {file["path"]: file for file in self.manifest["files"]}

    @property
    def total_bytes(self) -> int:
        """How much everything is when it is unpacked."""
        return sum(int(file["size_bytes"]) for file in self.files.values())

    def verify(self) -> None:
        """Read every member once and compare it with the manifest. Raises NotImportable at the first lie."""
        present = set(self._archive.namelist()) - {MANIFEST, INDEX}
        if present != set(self.files):
            odd = sorted(present ^ set(self.files))[0]
            raise NotImportable(f"{odd} is in the archive or in its manifest, but not in both.")
        for path, file in self.files.items():
            with self.member(path) as member:
                if _digest(member, limit=file["size_bytes"]) != file["sha256"]:
                    raise NotImportable(f"{path} is not what the manifest says.")

    @contextmanager
    def member(self, path: str) -> Iterator[IO[bytes]]:
        """A member, opened. Raises NotImportable for one that is damaged or absent."""
        try:
            with self._archive.open(path) as member:
                yield member
        except (KeyError, zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
            raise NotImportable(f"{path} cannot be read: {error}") from error

    def rows(self, path: str) -> Generator[dict[str, Any], None, None]:
        """The rows of a table, one at a time; an export writes each on a line of its own."""
        with self.member(path) as member:
            while line := member.readline(MAX_LINE_BYTES):
                text = line.strip().rstrip(b",")
                if text in (b"[", b"]", b"[]", b""):
                    continue
                try:
                    row = json.loads(text)
                except ValueError as error:
                    raise NotImportable(f"{path} has a line that is no row.") from error
                if not isinstance(row, dict):
                    raise NotImportable(f"{path} has a line that is no row.")
                yield row

    def _refuse_strange_members(self) -> None:
        seen: set[str] = set()
        for info in self._archive.infolist():
            is_link = stat.S_ISLNK(info.external_attr >> 16)
            if not _PATH.fullmatch(info.filename) or ".." in info.filename or is_link:
                raise NotImportable(f"No export has a member called {info.filename!r}.")
            if info.flag_bits & 0x1 or info.filename in seen:
                raise NotImportable(f"{info.filename} is encrypted, or there twice.")
            seen.add(info.filename)

    def _read_manifest(self) -> dict[str, Any]:
        with self.member(MANIFEST) as member:
            text = member.read(MAX_MANIFEST_BYTES + 1)
        if len(text) > MAX_MANIFEST_BYTES:
            raise NotImportable("The manifest is too large.")
        try:
            document: dict[str, Any] = json.loads(text)
            jsonschema.validate(document, json.loads(SCHEMA_PATH.read_text()))
        except ValueError as error:
            raise NotImportable("The manifest is no JSON.") from error
        except jsonschema.ValidationError as error:
            raise NotImportable(f"The manifest is not that of an export: {error.message[:200]}") from error
        return document


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open an archive. Raises NotImportable for a file that is none."""
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise NotImportable(f"{path} is no ZIP archive: {error}") from error
    with archive:
        yield Source(archive)


def _digest(member: IO[bytes], *, limit: int) -> str:
    """SHA-256 of a member; nothing for one that is longer than it may be."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks_of(member):
        size += len(chunk)
        if size > limit:
            return ""
        digest.update(chunk)
    return digest.hexdigest() if size == limit else ""
