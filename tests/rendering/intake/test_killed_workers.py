"""A worker that dies while it makes a clip anew costs the slice it was making, and no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings

from rendering.intake.models import Upload, UploadState
from tenants.context import tenant_context
from tests.cast import Cast, bearer
from tests.chaos import invariants
from tests.rendering.intake.conftest import begin, send, work
from tests.rendering.intake.files import make_video
from tests.rendering.providers import film_runs
from tests.workers import worker_environment

CRASH_POINTS = ["after-slice"]

PROGRAM = """
import sys, uuid, django
django.setup()
from rendering.intake import taking
tenant_id, upload_id = map(uuid.UUID, sys.argv[1:])
taking.work(tenant_id=tenant_id, upload_id=upload_id)
"""


@pytest.mark.committed
@pytest.mark.fault(1, breaks=["I4"])
@pytest.mark.parametrize("point", CRASH_POINTS)
def test_a_clip_is_made_to_the_end_by_the_next_worker(
    committed_cast: Cast, media: Path, tmp_path: Path, point: str
) -> None:
    film_runs.make_project(committed_cast, prompt="")
    client = bearer(committed_cast.alice, committed_cast.acme)
    film = make_video(tmp_path / "f.mp4", seconds=6, size=(64, 64)).read_bytes()
    url = begin(client, "f.mp4", len(film))
    assert send(client, url, 0, film).status_code == 204
    upload_id = UUID(url.rpartition("/")[2])
    points = tmp_path / "points"
    points.mkdir()
    (points / point).touch()
    extra = {"CUTROOM_CRASH_POINTS": str(points), "MEDIA_DIR": str(media)}
    who = [str(committed_cast.acme.pk), str(upload_id)]
    died = subprocess.run(
        [sys.executable, "-c", PROGRAM, *who],
        cwd=settings.BASE_DIR,
        env=worker_environment(extra),
        check=False,
    )
    assert died.returncode == -9
    with tenant_context(committed_cast.acme.pk):
        assert Upload.objects.get(pk=upload_id).slices == [], "stored, and not yet counted"
    done = work(committed_cast, upload_id)
    assert (done.state, done.slices) == (UploadState.READY, [150, 30])
    assert not [path for path in media.rglob("incoming/**/*") if path.is_file()]
    invariants.assert_rows_and_files_agree(committed_cast.acme.pk)
