"""/api/v1/uploads: pieces arrive in order, survive cut connections, and are counted."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from rendering import conf
from rendering.intake import receiving, taking
from rendering.intake.models import Upload, UploadState
from rendering.models import Asset, Project
from tenants.context import tenant_context
from tests.cast import Cast
from tests.rendering.intake.conftest import PIECE, begin, bring, send, work
from tests.rendering.intake.files import make_sound, make_video

Draw = Callable[..., SimpleUploadedFile]


def used(client: APIClient) -> dict[str, float]:
    meters = client.get("/api/v1/usage").json()["meters"]
    return {row["meter"]: row["used"] + row["held"] for row in meters if row["used"] + row["held"]}


def test_pieces_become_an_asset_and_are_counted_once(
    alice: APIClient, cast: Cast, mill: Project, media: Path, picture: Draw
) -> None:
    body = picture(640, 360).read()
    url = begin(alice, "pond.png", len(body))
    assert alice.head(url)["Upload-Offset"] == "0"
    half = len(body) // 2
    assert send(alice, url, 0, body[:half])["Upload-Offset"] == str(half)
    assert alice.head(url)["Upload-Offset"] == str(half)
    assert send(alice, url, half, body[half:])["Upload-Offset"] == str(len(body))
    assert alice.get(url).json()["state"] == "checking"
    done = work(cast, UUID(url.rpartition("/")[2]))
    assert done.state == UploadState.READY
    asset = alice.get(f"/api/v1/projects/mill/assets/{done.asset_id}").json()
    assert (asset["kind"], asset["name"], asset["width"]) == ("image", "pond.png", 640)
    assert used(alice)["uploads_count"] == 1


def test_a_tus_client_says_it_in_headers(alice: APIClient, mill: Project, media: Path) -> None:
    name = base64.b64encode(b"Teich.png").decode()
    headers = {
        "Upload-Length": "12",
        "Upload-Metadata": f"filename {name},type eA==",
        "Tus-Resumable": "1.0.0",
    }
    answer = alice.post("/api/v1/projects/mill/uploads", headers=headers)
    assert (answer.status_code, answer["Tus-Resumable"]) == (201, "1.0.0")
    assert (answer.json()["name"], answer.json()["size"]) == ("Teich.png", 12)


@pytest.mark.parametrize("offset", ["1", "-1", "x", ""])
def test_a_piece_in_the_wrong_place_is_refused(
    alice: APIClient, mill: Project, media: Path, offset: str
) -> None:
    url = begin(alice, "x.png", 10)
    request: Any = alice.generic
    answer = request("PATCH", url, b"12345", content_type=PIECE, headers={"Upload-Offset": offset})
    assert answer.status_code in (400, 409)
    assert alice.head(url)["Upload-Offset"] == "0"


def test_a_piece_reaching_over_the_end_is_refused(alice: APIClient, mill: Project, media: Path) -> None:
    url = begin(alice, "x.png", 4)
    assert send(alice, url, 0, b"12345").status_code == 413


def test_a_piece_sent_twice_counts_once(alice: APIClient, mill: Project, media: Path) -> None:
    """The answer to the first got lost."""
    url = begin(alice, "x.bin", 10)
    send(alice, url, 0, b"12345")
    again = send(alice, url, 0, b"12345")
    assert (again.status_code, again.json()["code"]) == (409, "wrong-offset")
    assert send(alice, url, 5, b"67890").status_code == 204


def test_sixty_four_megabytes_cut_off_three_times_arrive_whole(
    alice: APIClient, cast: Cast, mill: Project, media: Path, tmp_path: Path
) -> None:
    """A film with a large box of nothing at its end; each cut loses the piece that was under way."""
    film = make_video(tmp_path / "film.mp4").read_bytes()
    empty = 64 * 1024**2
    body = film + (8 + empty).to_bytes(4, "big") + b"free"
    size, step = len(body) + empty, 8 * 1024**2
    url = begin(alice, "film.mp4", size)

    class Cut:
        """A source that breaks off in the middle."""

        def __init__(self) -> None:
            self.given = 0

        def read(self, size: int) -> bytes:
            self.given += 1
            if self.given > 2:
                raise ConnectionResetError
            return bytes(1024)

    cuts = {3, 5, 7}
    number = 0
    while (offset := int(alice.head(url)["Upload-Offset"])) < size:
        number += 1
        if number in cuts:
            upload_id = UUID(url.rpartition("/")[2])
            receiving.take_piece(
                tenant_id=cast.acme.pk,
                upload_id=upload_id,
                offset=offset,
                source=Cut(),  # type: ignore[arg-type]  # it reads, which is all that is asked
                declared_bytes=step,
            )
            continue
        part = body[offset : offset + step]
        part += bytes(min(step - len(part), size - offset - len(part)))
        assert send(alice, url, offset, part).status_code == 204
    done = work(cast, UUID(url.rpartition("/")[2]))
    assert (done.state, done.error) == (UploadState.READY, "")


def test_a_stranger_has_no_part_in_it(
    alice: APIClient, charlie: APIClient, stranger: APIClient, mill: Project, media: Path
) -> None:
    url = begin(alice, "x.bin", 5)
    assert send(charlie, url, 0, b"12345").status_code == 404
    assert send(stranger, url, 0, b"12345").status_code in (401, 403)
    assert alice.head(url)["Upload-Offset"] == "0"


def test_what_has_no_room_is_refused_before_it_is_sent(
    alice: APIClient, mill: Project, media: Path, settings: Settings
) -> None:
    settings.METERING_ENTITLEMENTS = "metering.entitlements.default_plan"
    settings.METERING_PLANS = {"free": {"limits": {"storage_gb": 0}, "features": []}}
    answer = alice.post("/api/v1/projects/mill/uploads", {"name": "x.mp4", "size": 1_001})
    assert (answer.status_code, answer.json()["code"]) == (402, "quota-exceeded")


def test_too_many_open_uploads_are_refused(
    alice: APIClient, mill: Project, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "MOST_OPEN", 2)
    for _ in range(2):
        begin(alice, "x.bin", 5)
    answer = alice.post("/api/v1/projects/mill/uploads", {"name": "x.bin", "size": 5})
    assert answer.json()["code"] == "too-many-uploads"


@pytest.mark.parametrize("size", [0, conf.MAX_RESUMABLE_BYTES + 1])
def test_sizes_have_limits(alice: APIClient, mill: Project, media: Path, size: int) -> None:
    answer = alice.post("/api/v1/projects/mill/uploads", {"name": "x.bin", "size": size})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "size")


def test_giving_up_and_expiry_leave_no_file(
    alice: APIClient,
    cast: Cast,
    mill: Project,
    stored: Callable[[], list[Path]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    first, second = begin(alice, "a.bin", 9), begin(alice, "b.bin", 9)
    for url in (first, second):
        send(alice, url, 0, b"12345")
    assert len(stored()) == 2
    with django_capture_on_commit_callbacks(execute=True):
        assert alice.delete(first).status_code == 204
    with tenant_context(cast.acme.pk), django_capture_on_commit_callbacks(execute=True):
        receiving.give_up(Upload.objects.get())
    assert stored() == []


def test_sound_goes_in_at_once_and_a_film_by_a_worker(
    alice: APIClient, cast: Cast, mill: Project, media: Path, tmp_path: Path
) -> None:
    """One request each, as the editor does."""
    sound = SimpleUploadedFile("voice.mp3", make_sound(tmp_path / "s.mp3", kind="mp3").read_bytes())
    answer = alice.post("/api/v1/projects/mill/assets", {"file": sound}, format="multipart")
    assert (answer.status_code, answer.json()["kind"]) == (201, "audio")
    assert 1.4 < answer.json()["duration_seconds"] < 1.7
    film = SimpleUploadedFile("film.mp4", make_video(tmp_path / "f.mp4").read_bytes())
    answer = alice.post("/api/v1/projects/mill/assets", {"file": film}, format="multipart")
    assert (answer.status_code, answer.json()["state"]) == (202, "checking")
    done = work(cast, UUID(answer.json()["id"]))
    assert done.state == UploadState.READY
    with tenant_context(cast.acme.pk):
        asset = Asset.objects.get(kind="video")
        assert asset.pk == done.asset_id
        assert asset.duration_seconds == pytest.approx(2, abs=0.1)


def test_a_file_whose_end_is_refused_for_want_of_room_leaves_nothing(
    alice: APIClient,
    cast: Cast,
    mill: Project,
    stored: Callable[[], list[Path]],
    settings: Settings,
    picture: Draw,
) -> None:
    body = picture(64, 64).read()
    url = begin(alice, "a.png", len(body))
    send(alice, url, 0, body)
    settings.METERING_ENTITLEMENTS = "metering.entitlements.default_plan"
    settings.METERING_PLANS = {"free": {"limits": {"uploads_count": 0}, "features": []}}
    done = work(cast, UUID(url.rpartition("/")[2]))
    assert (done.state, done.error_code) == (UploadState.FAILED, "quota-exceeded")
    assert stored() == []


@pytest.mark.parametrize(("code", "state"), [(0, "ready"), (1, "failed"), (2, "checking")])
def test_the_virus_scanner_decides(
    alice: APIClient,
    cast: Cast,
    mill: Project,
    media: Path,
    settings: Settings,
    picture: Draw,
    code: int,
    state: str,
) -> None:
    settings.RENDERING_SCAN_COMMAND = f"sh -c 'test -s {{path}} && exit {code}'"
    found = bring(alice, cast, "a.png", picture(64, 64).read())
    assert found["state"] == state
    assert (found["error_code"] == "virus-found") == (code == 1)
    small = alice.post("/api/v1/projects/mill/assets", {"file": picture(64, 64)}, format="multipart")
    assert small.status_code == {0: 201, 1: 400, 2: 503}[code]


def test_a_killed_worker_costs_one_slice(
    alice: APIClient, cast: Cast, mill: Project, media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run leaves what it has made to the next."""
    film = make_video(tmp_path / "f.mp4", seconds=11, size=(64, 64)).read_bytes()
    url = begin(alice, "f.mp4", len(film))
    send(alice, url, 0, film)
    monkeypatch.setattr(taking, "WORK_SECONDS", -1.0)
    upload_id = UUID(url.rpartition("/")[2])
    assert work(cast, upload_id).slices == []
    monkeypatch.setattr(taking, "WORK_SECONDS", 60.0)
    done = work(cast, upload_id)
    assert (done.state, done.slices) == (UploadState.READY, [150, 150, 30])
