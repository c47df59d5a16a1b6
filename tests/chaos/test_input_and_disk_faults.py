"""What people send that nobody can use, files that are not what they were, and disks without room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from rendering.keys import video_key
from rendering.models import CacheEntry, JobState, Project, RenderJob
from tenants import storage
from tenants.context import tenant_context
from tests.chaos.conftest import LINES, Submit
from tests.chaos.holding import steps_of
from tests.chaos.site import Site, code_of
from tests.rendering.test_assets_api import half_a_jpeg, png_of_400_megapixels
from tests.workers import WorkerGroup, finish, workers

pytestmark = pytest.mark.committed

# Bytes a process may write to one file: less than a segment, more than a line of the log.
SMALL_DISK = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
"""

BAD_SCRIPTS = {
    "empty": ("", 400, "invalid-input"),
    "of blanks": (" \n\n ", 400, "invalid-input"),
    "200 kB": ("A word. " * 25_000, 400, "script-too-long"),
}
BAD_RENDERS: dict[str, dict[str, Any]] = {
    "unknown resolution": {"resolution": "8k", "fps": 24},
    "unknown rate": {"resolution": "720p", "fps": 23},
    "no number": {"resolution": "720p", "fps": "fast"},
}
BAD_FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "text named .png": ("notes.png", lambda: b"not a picture\n" * 100),
    "20,000 x 20,000": ("large.png", png_of_400_megapixels),
    "half a JPEG": ("half.jpg", half_a_jpeg),
    "nothing": ("empty.png", lambda: b""),
}


@pytest.mark.fault(18)
@pytest.mark.parametrize("name", BAD_SCRIPTS)
def test_a_script_that_cannot_be_rendered(
    name: str, site: Site, alice_at_site: httpx.Client, project: Project
) -> None:
    script, status, code = BAD_SCRIPTS[name]
    answer = alice_at_site.put("/api/v1/projects/tides/script", json={"script": script})
    assert code_of(answer) == (status, code)
    assert answer.json()["detail"]
    # Nothing of what was there is lost.
    assert len(alice_at_site.get("/api/v1/projects/tides").json()["scenes"]) == len(LINES)


@pytest.mark.fault(18)
@pytest.mark.parametrize("name", BAD_RENDERS)
def test_a_render_of_an_unknown_kind(
    name: str, site: Site, alice_at_site: httpx.Client, project: Project
) -> None:
    answer = stitch(alice_at_site, BAD_RENDERS[name])
    assert code_of(answer) == (400, "invalid-input")
    assert {each["field"] for each in answer.json()["errors"]} <= {"resolution", "fps"}


@pytest.mark.fault(18)
@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_no_picture(
    name: str, site: Site, alice_at_site: httpx.Client, project: Project
) -> None:
    file, content = BAD_FILES[name]
    answer = alice_at_site.post("/api/v1/projects/tides/assets", files={"file": (file, content())})
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["field"] == "file"
    meters = {row["meter"]: row["used"] for row in alice_at_site.get("/api/v1/usage").json()["meters"]}
    assert meters["uploads_count"] == meters["storage_gb"] == 0


def stitch(client: httpx.Client, body: dict[str, Any]) -> httpx.Response:
    return client.post("/api/v1/projects/tides/render/stitch", json=body)


@pytest.mark.fault(17)
def test_the_disk_has_no_room_for_a_segment(submit: Submit, worker_log: Path) -> None:
    with workers(log=worker_log, prelude=SMALL_DISK):
        ended = finish(submit("final"))
    assert ended.state == JobState.FAILED
    assert ended.error is not None
    assert "disk" in ended.error["detail"]
    assert not storage.file_exists(video_key(ended, "mp4"))


@pytest.mark.fault(20)
@pytest.mark.parametrize("damage", ["cut short", "gone", "one bit"])
def test_a_cached_segment_is_not_what_it_was(
    damage: str, crew: WorkerGroup, project: Project, submit: Submit
) -> None:
    first = finish(submit())
    assert first.state == JobState.SUCCEEDED
    with tenant_context(project.tenant_id):
        segment = CacheEntry.objects.filter(kind="segment").first()
        assert segment is not None
        # Another title is another film of the same segments.
        Project.objects.filter(pk=project.pk).update(title="Other tides")
        project.refresh_from_db()
    with storage.local_path(segment.storage_key) as path:
        data = bytearray(path.read_bytes())
        if damage == "gone":
            path.unlink()
        elif damage == "one bit":
            data[data.index(b"mdat") + 700] ^= 1  # inside a picture
            path.write_bytes(data)
        else:
            path.write_bytes(data[: segment.size_bytes // 2])
    second = finish(submit(of=project))
    assert second.state == JobState.SUCCEEDED, second.error
    assert made_anew(second) == 1


def made_anew(job: RenderJob) -> int:
    """Segments that were not taken from the cache in the end."""
    return sum(step.attempt > 0 for step in steps_of(job).values() if step.kind == "segment")
