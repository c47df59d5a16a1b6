"""An export is complete after a kill -9 at any of its crash points."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from cutroom import clock, scratch
from gdpr.export import making
from gdpr.export.models import Export, ExportState
from tenants import storage
from tests.cast import Cast
from tests.gdpr import test_import_crashes
from tests.gdpr.exports import PICTURE, ask, fill, opened, store
from tests.workers import wait_until, worker_environment

pytestmark = pytest.mark.committed

MAKE = "from gdpr.export import making; making.make_next()"
POINTS = [
    "export-claimed",
    "export-data-written",
    "export-half-written",
    "export-written",
    "export-stored",
    "export-finished",
]


def make_in_another_process(media: Path, **extra: str) -> int:
    """Let a process of its own make what waits; its exit code."""
    run = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", MAKE],
        cwd=settings.BASE_DIR,
        env=worker_environment({"MEDIA_DIR": str(media), **extra}),
        check=False,
    )
    return run.returncode


def test_every_crash_point_is_tested() -> None:
    sources = Path(settings.BASE_DIR, "gdpr", "export").glob("*.py")
    found = {name for path in sources for name in re.findall(r'crash_at\("([^"]+)"\)', path.read_text())}
    # The import's one is tried in test_import_crashes.
    assert found - set(test_import_crashes.CRASH_POINTS) == set(POINTS)


@pytest.mark.fault(37, breaks=["I4"])
@pytest.mark.parametrize("point", POINTS)
def test_an_export_survives_a_kill(point: str, committed_cast: Cast, media: Path, tmp_path: Path) -> None:
    fill(committed_cast, tmp_path)
    key = storage.storage_key(tenant_id=committed_cast.acme.pk, area="assets", name="sun.png")
    store(key, PICTURE, tmp_path)
    export = ask(committed_cast.alice, committed_cast.acme)
    once = tmp_path / point
    once.touch()
    died = make_in_another_process(media, CUTROOM_CRASH_POINTS=str(tmp_path))
    assert died == -signal.SIGKILL
    assert not once.exists()
    rows = Export.everywhere.using("ops").filter(pk=export.pk)
    if point != "export-finished":
        assert rows.get().state == ExportState.MAKING
        rows.update(lease_until=clock.now())
        assert making.make_next()
    archive = opened(rows.get())
    assert archive.archive.testzip() is None
    assert archive.manifest["missing"] == []
    assert archive.archive.read("files/assets/sun.png") == PICTURE
    assert len(list(media.rglob("export-*.zip"))) == 1
    wait_until(lambda: scratch.reap() >= 0 and not leftovers(), what="scratch to be reaped")


def leftovers() -> list[Path]:
    """Archives that were begun and never stored."""
    return list(Path(settings.CUTROOM_VAR).glob("scratch/**/export-acme*"))
