"""Whether an export is worth its speed: the archive of a workspace against a copy of the same files."""

from __future__ import annotations

import os
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.core.files.storage import default_storage
from django.test import override_settings

from cutroom import clock
from cutroom.terminal import say
from gdpr.export import making, services
from gdpr.export.models import ExportState
from tenants import storage
from tenants.context import tenant_context
from tenants.http import Principal
from tenants.models import Role, Tenant
from tests.bench.processes import MEGABYTE
from tests.cast import found_tenant, join, open_session

FILES = 20
ROUNDS = 3
LOOK_EVERY_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True)
class Archives:
    """Seconds of the export and of the copy, and by how many bytes this process grew meanwhile."""

    megabytes: int
    export: float
    copy: float
    grown_bytes: int


def measure(work: Path, *, megabytes: int) -> Archives:
    """Export a workspace with files of `megabytes` in all, in this process: no worker may run.

    Both sides end when everything is on the disk. They are done in turns and the quickest of each counts:
    what others do on the machine only ever adds. A small export before loads what every process loads once.
    """
    say(f"Exporting {megabytes} MB")
    copied, exported = [], []
    with override_settings(DEBUG=False):
        _export(_exporter(found_tenant("bench-warm-up")))
        tenant = found_tenant("bench-export")
        exporter = _exporter(tenant)
        paths = _fill(tenant, size=megabytes * MEGABYTE // FILES)
        with _Growth() as growth:
            for _ in range(ROUNDS):
                copied.append(_copy(paths, work / "copies"))
                exported.append(_export(exporter))
    return Archives(
        megabytes=megabytes, export=min(exported), copy=min(copied), grown_bytes=growth.most_bytes
    )


def _copy(paths: list[Path], directory: Path) -> float:
    """Seconds that a copy of the files takes, until the disk has it."""
    directory.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    for path in paths:
        shutil.copyfile(path, directory / path.name)
        with (directory / path.name).open("rb") as file:
            os.fsync(file.fileno())
    seconds = time.perf_counter() - started
    shutil.rmtree(directory)
    return seconds


def _fill(tenant: Tenant, *, size: int) -> list[Path]:
    """Films in the storage of a tenant: sparse, so that they take no room; what is read from them is not."""
    paths = []
    for number in range(FILES):
        key = storage.storage_key(tenant_id=tenant.pk, area="assets", name=f"film-{number}.mp4")
        path = Path(default_storage.path(key))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size)
        paths.append(path)
    return paths


def _exporter(tenant: Tenant) -> Principal:
    """Somebody who may ask for all of a workspace."""
    user = join(tenant, "exporter", Role.ADMIN)
    return Principal(
        user_id=user.pk,
        tenant_id=tenant.pk,
        role=Role.ADMIN,
        email=user.email,
        tenant_slug=tenant.slug,
        tenant_name=tenant.name,
        session_id=open_session(user, tenant).pk,
    )


def _export(exporter: Principal) -> float:
    """Seconds from the wish to the archive, which is deleted then."""
    started = time.perf_counter()
    with tenant_context(exporter.tenant_id):
        asked = services.request_export(exporter, at=clock.now())
    making.make_next()
    seconds = time.perf_counter() - started
    with tenant_context(exporter.tenant_id):
        asked.refresh_from_db()
        services.delete(asked)
    if asked.state != ExportState.READY:
        raise ValueError(f"the export is {asked.state}: {asked.error}")
    return seconds


class _Growth(threading.Thread):
    """By how much this process grows during a `with` block."""

    def __init__(self) -> None:
        super().__init__(name="growth", daemon=True)
        self._own = psutil.Process()
        self._before = 0
        self._ended = threading.Event()
        self.most_bytes = 0

    def __enter__(self) -> _Growth:
        self._before = self._own.memory_info().rss
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        """Look until told to stop."""
        while not self._ended.wait(LOOK_EVERY_SECONDS):
            self.most_bytes = max(self.most_bytes, self._own.memory_info().rss - self._before)
