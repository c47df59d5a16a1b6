"""/api/v1/projects/{slug}/assets: pictures go in clean, metered and whole, or not at all."""

from __future__ import annotations

import errno
import hashlib
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from cutroom import clock
from metering.models import UsageEvent
from rendering import conf, scripts, services
from rendering.models import Asset, Project, Scene
from tenants import storage
from tenants.context import tenant_context
from tests.cast import Cast

ASSETS = "/api/v1/projects/mill/assets"

Draw = Callable[..., SimpleUploadedFile]


def upload(client: APIClient, file: SimpleUploadedFile) -> Any:
    return client.post(ASSETS, {"file": file}, format="multipart")


def used(client: APIClient) -> dict[str, float]:
    meters = client.get("/api/v1/usage").json()["meters"]
    return {row["meter"]: row["used"] + row["held"] for row in meters if row["used"] + row["held"]}


def png_of_400_megapixels() -> bytes:
    """A small file that would be a large picture: 20,000 x 20,000, one bit each."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(2_501)) for _ in range(20_000)) + rows.flush()
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def half_a_jpeg() -> bytes:
    buffer = BytesIO()
    Image.effect_noise((400, 300), 60).save(buffer, "JPEG")
    return buffer.getvalue()[: buffer.tell() // 2]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_stored_as_a_clean_jpeg(
    alice: APIClient, mill: Project, media: Path, picture: Draw, kind: str
) -> None:
    answer = upload(alice, picture(640, 360, kind))
    assert answer.status_code == 201
    asset = answer.json()
    assert (asset["kind"], asset["width"], asset["height"]) == ("image", 640, 360)
    assert alice.get(answer["Location"]).json() == asset
    file = alice.get(asset["url"])
    body = b"".join(file.streaming_content)  # type: ignore[attr-defined]  # a streaming response
    assert file["Content-Type"] == "image/jpeg"
    assert len(body) == asset["size_bytes"]
    assert hashlib.sha256(body).hexdigest() == asset["sha256"]
    assert Image.open(BytesIO(body)).size == (640, 360)


def test_an_upload_counts_as_upload_and_as_storage(
    alice: APIClient, cast: Cast, mill: Project, media: Path
) -> None:
    noise = BytesIO()
    Image.effect_noise((1600, 900), 80).save(noise, "PNG")
    asset = upload(alice, SimpleUploadedFile("noise.png", noise.getvalue())).json()
    assert used(alice) == {"uploads_count": 1, "storage_gb": round(asset["size_bytes"] / 1e9, 3)}
    with tenant_context(cast.acme.pk):
        lines = UsageEvent.objects.filter(subject=f"asset:{asset['id']}")
        assert {(line.meter, line.amount, line.user_id) for line in lines} == {
            ("uploads_count", 1, cast.alice.pk),
            ("storage_gb", asset["size_bytes"], cast.alice.pk),
        }


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("notes.png", b"These are words, not pixels.", "unsupported-kind"),
        ("empty.png", b"", "empty"),
        ("huge.png", png_of_400_megapixels(), "image-too-large"),
        ("half.jpg", half_a_jpeg(), "image-broken"),
        ("picture.gif", b"GIF89a" + bytes(64), "unsupported-kind"),
        ("song.mp3", b"ID3\x04" + bytes(64), "sound-broken"),
        ("voice.wav", b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(64), "sound-broken"),
    ],
)
def test_what_cannot_be_used_says_why_and_leaves_nothing(
    alice: APIClient,
    cast: Cast,
    mill: Project,
    stored: Callable[[], list[Path]],
    name: str,
    content: bytes,
    code: str,
) -> None:
    answer = upload(alice, SimpleUploadedFile(name, content))
    assert (answer.status_code, answer.json()["code"]) == (400, "unusable-file")
    [error] = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("file", code)
    assert_nothing_happened(cast, stored)


def test_a_file_over_the_limit_is_refused(
    alice: APIClient,
    cast: Cast,
    mill: Project,
    picture: Draw,
    stored: Callable[[], list[Path]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = picture()
    monkeypatch.setattr(conf, "MAX_UPLOAD_BYTES", len(file) - 1)
    answer = upload(alice, file)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "too-large")
    assert_nothing_happened(cast, stored)


def test_a_body_over_the_limit_is_refused_before_it_is_parsed(
    alice: APIClient, mill: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conf, "MAX_UPLOAD_BYTES", 10)
    answer = upload(alice, SimpleUploadedFile("x.png", bytes(100_000)))
    assert answer.json()["errors"][0]["code"] == "too-large"


def test_a_form_without_a_file_names_the_field(alice: APIClient, mill: Project) -> None:
    answer = alice.post(ASSETS, {"picture": "x"}, format="multipart")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "file")


def test_json_is_not_a_form(alice: APIClient, mill: Project) -> None:
    answer = alice.post(ASSETS, {"file": "x"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


@pytest.mark.parametrize("meter", ["uploads_count", "storage_gb"])
def test_an_upload_beyond_the_quota_leaves_nothing(
    alice: APIClient,
    cast: Cast,
    mill: Project,
    picture: Draw,
    stored: Callable[[], list[Path]],
    settings: Settings,
    meter: str,
) -> None:
    settings.METERING_ENTITLEMENTS = "metering.entitlements.default_plan"
    settings.METERING_PLANS = {"free": {"limits": {meter: 0}, "features": []}}
    answer = upload(alice, picture())
    assert (answer.status_code, answer.json()["code"]) == (402, "quota-exceeded")
    assert answer.json()["meter"] == meter
    assert_nothing_happened(cast, stored)


def test_a_full_disk_is_said_clearly_and_leaves_nothing(
    alice: APIClient,
    cast: Cast,
    mill: Project,
    picture: Draw,
    stored: Callable[[], list[Path]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(key: str, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage, "store_file", refuse)
    answer = upload(alice, picture())
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "disk is full" in answer.json()["detail"]
    assert_nothing_happened(cast, stored)


def test_removing_an_asset_gives_its_storage_back(
    alice: APIClient,
    cast: Cast,
    mill: Project,
    picture: Draw,
    stored: Callable[[], list[Path]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    asset = upload(alice, picture()).json()
    scene = alice.get("/api/v1/projects/mill/scenes").json()["results"][0]
    alice.patch(f"/api/v1/projects/mill/scenes/{scene['id']}", {"image": asset["id"]})
    assert len(stored()) == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert alice.delete(f"{ASSETS}/{asset['id']}").status_code == 204
    assert stored() == []
    assert used(alice) == {"uploads_count": 1}
    with tenant_context(cast.acme.pk):
        assert Scene.objects.get(pk=scene["id"]).image is None


def test_removing_a_project_removes_its_assets(
    alice: APIClient,
    mill: Project,
    picture: Draw,
    stored: Callable[[], list[Path]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    upload(alice, picture())
    with django_capture_on_commit_callbacks(execute=True):
        alice.delete("/api/v1/projects/mill")
    assert stored() == []
    assert used(alice) == {"uploads_count": 1}


def test_a_picture_in_a_running_render_stays(
    alice: APIClient, cast: Cast, mill: Project, picture: Draw, stored: Callable[[], list[Path]]
) -> None:
    asset = upload(alice, picture()).json()
    with tenant_context(cast.acme.pk):
        scripts.update_scene(scene=Scene.objects.get(project=mill, position=1), image_id=asset["id"])
        job = services.submit(project=mill, resolution="720p", fps=24, user_id=cast.alice.pk, at=clock.now())
    for path in (f"{ASSETS}/{asset['id']}", "/api/v1/projects/mill"):
        answer = alice.delete(path)
        assert (answer.status_code, answer.json()["code"]) == (409, "render-running")
    assert len(stored()) == 1
    alice.post(f"/api/v1/renders/{job.pk}/cancel")
    assert alice.delete(f"{ASSETS}/{asset['id']}").status_code == 204


def test_assets_are_listed_newest_first(alice: APIClient, mill: Project, media: Path, picture: Draw) -> None:
    made = [upload(alice, picture(64, 64)).json() for _ in range(3)]
    page: dict[str, Any] = alice.get(f"{ASSETS}?limit=2").json()
    assert [row["id"] for row in page["results"]] == [made[2]["id"], made[1]["id"]]
    assert alice.get(page["next"]).json()["results"] == [made[0]]


def assert_nothing_happened(cast: Cast, stored: Callable[[], list[Path]]) -> None:
    """No row, no charge, no file."""
    assert stored() == []
    with tenant_context(cast.acme.pk):
        assert not Asset.objects.exists()
        assert not UsageEvent.objects.exists()
