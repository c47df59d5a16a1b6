"""What the rendering tests share: a project at Acme, its renders, and pictures to upload."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from cutroom import clock
from rendering import scripts, services
from rendering.keys import VIDEO_FILES, video_key
from rendering.media import host
from rendering.models import JobState, Project, RenderJob
from tenants import storage
from tenants.context import tenant_context
from tests.cast import Cast

SCRIPT = "The tide fills the pond.\n\nThe gate falls shut.\n\nThe wheel turns."
VIDEO_BYTES = bytes(range(256)) * 40


def authorization(client: Any) -> dict[str, str]:
    """The header that a bearer client of the cast signs in with, for clients of other kinds."""
    return {"Authorization": client._credentials["HTTP_AUTHORIZATION"]}


@pytest.fixture(scope="session", autouse=True)
def _no_child_left() -> Iterator[None]:
    """The media children of this process end with the tests."""
    yield
    host.stop_all()


@pytest.fixture
def inside_acme(cast: Cast) -> Iterator[Cast]:
    """The test itself works as Acme."""
    with tenant_context(cast.acme.pk):
        yield cast


@pytest.fixture
def mill(cast: Cast) -> Project:
    """Acme's project `mill`, with three scenes."""
    with tenant_context(cast.acme.pk):
        return scripts.create_project(title="Mill", script=SCRIPT)


@pytest.fixture
def queued(cast: Cast, mill: Project) -> RenderJob:
    """A render of the mill that waits for its first worker."""
    with tenant_context(cast.acme.pk):
        return services.submit(project=mill, resolution="1080p", fps=24, user_id=cast.bob.pk, at=clock.now())


@pytest.fixture
def finished(cast: Cast, queued: RenderJob, media: Path, tmp_path: Path) -> RenderJob:
    """A render that has ended well: its files are stored, though nobody could watch them."""
    with tenant_context(cast.acme.pk):
        for extension in VIDEO_FILES:
            path = tmp_path / f"made.{extension}"
            path.write_bytes(VIDEO_BYTES)
            storage.store_file(video_key(queued, extension), path)
        queued.state, queued.progress, queued.finished_at = JobState.SUCCEEDED, 100, clock.now()
        queued.video_bytes, queued.duration_ms = len(VIDEO_BYTES), 12_500
        queued.stored_bytes = len(VIDEO_BYTES) * len(VIDEO_FILES)
        queued.charged = {"images_count": 3, "tts_minutes": 90_000, "render_minutes": 12_500}
        queued.save()
        return queued


@pytest.fixture
def picture() -> Callable[..., SimpleUploadedFile]:
    """picture(width, height, format): a picture as somebody would upload it."""

    def draw(width: int = 640, height: int = 360, kind: str = "PNG", **options: Any) -> SimpleUploadedFile:
        buffer = BytesIO()
        Image.new("RGB", (width, height), (180, 60, 40)).save(buffer, kind, **options)
        return SimpleUploadedFile(f"shot.{kind.lower()}", buffer.getvalue())

    return draw


@pytest.fixture
def stored(media: Path) -> Callable[[], list[Path]]:
    """Every file in storage now."""
    return lambda: sorted(path for path in media.rglob("*") if path.is_file())
