"""What attackers bring is refused soon, with a sentence, in little memory, and nothing is fetched."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from rendering.media import host
from rendering.media.errors import MediaError
from rendering.media.operations import MIB, OPERATIONS
from rendering.media.specs import ProbeSpec
from rendering.models import Asset, Project
from tenants.context import tenant_context
from tests.cast import Cast
from tests.rendering.intake.conftest import bring
from tests.rendering.intake.files import CONCAT, PLAYLIST, SDP, SVG, many_streams
from tests.rendering.test_assets_api import png_of_400_megapixels

# The promise is five seconds; a loaded machine may take longer to start a process, so tests allow more.
PATIENCE_SECONDS = 30


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("bomb.png", png_of_400_megapixels(), "image-too-large"),
        ("drawing.svg", SVG, "unsupported-kind"),
        ("film.m3u8", PLAYLIST, "unsupported-kind"),
        ("film.mp4", PLAYLIST, "unsupported-kind"),
        ("film.mp4", CONCAT, "unsupported-kind"),
        ("film.mp4", SDP, "unsupported-kind"),
        ("film.mp4", many_streams(), "too-many-streams"),
        ("film.mp4", b"\0\0\0\x18ftypisom" + bytes(5_000), "video-broken"),
        ("film.mkv", b"\x1aE\xdf\xa3" + bytes(range(256)) * 40, "video-broken"),
        ("song.mp3", b"ID3\x04" + bytes(5_000), "sound-broken"),
        ("words.txt", b"These are words.", "unsupported-kind"),
    ],
)
def test_it_is_refused_in_words_and_leaves_nothing(
    alice: APIClient,
    cast: Cast,
    mill: Project,
    stored: Callable[[], list[Path]],
    name: str,
    body: bytes,
    code: str,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.setblocking(False)
        body = body.replace(b"{port}", str(trap.getsockname()[1]).encode())
        began = time.monotonic()
        found = bring(alice, cast, name, body)
        assert time.monotonic() - began < PATIENCE_SECONDS
        with pytest.raises(BlockingIOError):
            trap.accept()
    assert (found["state"], found["error_code"]) == ("failed", code)
    assert found["error"].endswith(".")
    assert stored() == []
    with tenant_context(cast.acme.pk):
        assert not Asset.objects.exists()


def test_looking_at_a_file_may_take_little_memory(tmp_path: Path) -> None:
    assert OPERATIONS["probe"].memory_bytes <= 500 * MIB
    path = tmp_path / "many.mp4"
    path.write_bytes(many_streams(60_000))
    began = time.monotonic()
    with pytest.raises(MediaError):
        host.run(ProbeSpec(in_path=str(path)), timeout_seconds=PATIENCE_SECONDS)
    assert time.monotonic() - began < PATIENCE_SECONDS
