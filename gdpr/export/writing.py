"""Fills an archive: data, files, what they mean, and last what is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from django.template.loader import render_to_string

from cutroom import clock
from cutroom.crash_points import crash_at
from gdpr.export import files, manifest, tables
from gdpr.export.archive import Archive, chunks_at, chunks_of
from gdpr.export.index import index_page
from gdpr.export.listing import Missing
from gdpr.export.manifest import SCHEMA_PATH, Contents
from gdpr.register import register
from tenants import storage


def write_archive(
    contents: Contents, *, target: IO[bytes], folder: Path, tick: Callable[[int], None]
) -> None:
    """Write the whole archive to `target`, using `folder` for what has to be ready before.

    `tick` is called with the bytes of each chunk and may raise to stop. What cannot be found is listed as
    missing, never skipped in silence.
    """
    data = folder / "data"
    data.mkdir()
    contents.snapshot_at = clock.now()
    for table in tables.write_tables(contents.subject, data, tick=tick):
        contents.tables.append(table)
        tick(0)
    crash_at("export-data-written")
    archive = Archive(target, tick=tick)
    _add_data(archive, contents, data)
    _add_files(archive, contents)
    _add_meaning(archive, contents)
    archive.add("manifest.json", manifest.manifest(contents))
    archive.add("index.html", index_page(contents))
    archive.close()


def _add_data(archive: Archive, contents: Contents, data: Path) -> None:
    for table in contents.tables:
        for kind in ("json", "csv"):
            path = data / f"{table.name}.{kind}"
            contents.members.add(archive.add(f"data/{path.name}", chunks_at(path)))
            path.unlink()
    contents.members.add(archive.add("data/cache.json", _array(files.cache_keys(contents.subject))))


def _add_files(archive: Archive, contents: Contents) -> None:
    for missing in files.broken_promises(contents.subject):
        contents.missing.add(missing)
    for number, file in enumerate(files.stored_files(contents.subject)):
        if number == 1:
            crash_at("export-half-written")
        _add_file(archive, contents, file)


def _add_file(archive: Archive, contents: Contents, file: files.StoredFile) -> None:
    try:
        source = storage.open_file(file.key)
        size = storage.file_size(file.key)
    except FileNotFoundError:
        contents.missing.add(
            Missing(what=file.area, name=file.path, reason="it vanished while the export was made")
        )
        return
    with source:
        member = archive.add(file.path, chunks_of(source), is_compressed=True)
    contents.members.add(member)
    if member.size_bytes != size:
        reason = f"only {member.size_bytes} of {size} bytes could be read"
        contents.missing.add(Missing(what=file.area, name=file.path, reason=reason))


def _add_meaning(archive: Archive, contents: Contents) -> None:
    """What article 15 asks for: purposes, categories, recipients, periods; and how to read the manifest."""
    text = json.dumps(register().as_document(), indent=1, ensure_ascii=False)
    contents.members.add(archive.add("processing.json", iter([text.encode()])))
    notice = render_to_string("gdpr/register.md", {"register": register()}).strip() + "\n"
    contents.members.add(archive.add("processing.md", iter([notice.encode()])))
    contents.members.add(archive.add(SCHEMA_PATH.name, chunks_at(SCHEMA_PATH)))


def _array(items: Iterator[dict[str, object]]) -> Iterator[bytes]:
    yield b"["
    for number, item in enumerate(items):
        comma = "" if number == 0 else ","
        yield f"{comma}\n{json.dumps(item, ensure_ascii=False)}".encode()
    yield b"\n]\n"
