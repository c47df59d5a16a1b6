"""The files of a finished render: whole, in ranges, only when changed, without reading them into memory."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponseBase
from django.test import AsyncClient
from rest_framework.test import APIClient

from rendering.models import RenderJob
from tenants import downloads
from tests.rendering.conftest import VIDEO_BYTES, authorization

FILES = {
    "video": "video/mp4",
    "poster": "image/jpeg",
    "captions.vtt": "text/vtt",
    "captions.srt": "application/x-subrip",
}


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def video(client: APIClient, job: RenderJob, **headers: str) -> HttpResponseBase:
    answer: HttpResponseBase = client.get(f"/api/v1/renders/{job.pk}/video", headers=headers)
    return answer


@pytest.mark.parametrize(("name", "content_type"), FILES.items())
def test_each_file_is_sent_whole(alice: APIClient, finished: RenderJob, name: str, content_type: str) -> None:
    answer = alice.get(f"/api/v1/renders/{finished.pk}/{name}")
    assert answer.status_code == 200
    assert answer["Content-Type"].split(";")[0] == content_type
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Length"] == str(len(VIDEO_BYTES))
    assert body(answer) == VIDEO_BYTES


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=500-", 500, 10_239),
        ("bytes=-10", 10_230, 10_239),
        ("bytes=9-99999", 9, 10_239),
    ],
)
def test_a_range_is_sent_in_part(
    alice: APIClient, finished: RenderJob, asked: str, first: int, last: int
) -> None:
    answer = video(alice, finished, Range=asked)
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {first}-{last}/{len(VIDEO_BYTES)}"
    assert answer["Content-Length"] == str(last - first + 1)
    assert body(answer) == VIDEO_BYTES[first : last + 1]


@pytest.mark.parametrize("asked", ["bytes=99999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_416(alice: APIClient, finished: RenderJob, asked: str) -> None:
    answer = video(alice, finished, Range=asked)
    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{len(VIDEO_BYTES)}"


def test_if_range_sends_the_whole_when_the_file_is_another(alice: APIClient, finished: RenderJob) -> None:
    etag = video(alice, finished)["ETag"]
    assert video(alice, finished, **{"Range": "bytes=0-9", "If-Range": etag}).status_code == 206
    assert video(alice, finished, **{"Range": "bytes=0-9", "If-Range": '"older"'}).status_code == 200


def test_an_unchanged_file_is_not_sent_again(alice: APIClient, finished: RenderJob) -> None:
    etag = video(alice, finished)["ETag"]
    unchanged = video(alice, finished, **{"If-None-Match": etag})
    assert (unchanged.status_code, unchanged["ETag"]) == (304, etag)


def test_head_sends_the_headers_only(alice: APIClient, finished: RenderJob) -> None:
    path = f"/api/v1/renders/{finished.pk}/video"
    whole, head = alice.get(path), alice.head(path)
    body(whole)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Accept-Ranges"):
        assert head[name] == whole[name]


def test_download_makes_browsers_save_under_the_title(alice: APIClient, finished: RenderJob) -> None:
    answer = alice.get(f"/api/v1/renders/{finished.pk}/video?download=1")
    body(answer)
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''mill-1080p.mp4"
    assert "Content-Disposition" not in alice.head(f"/api/v1/renders/{finished.pk}/video")


@pytest.mark.parametrize("accept", ["video/*", "image/avif,image/webp", "text/html"])
def test_any_accept_gets_the_file(alice: APIClient, finished: RenderJob, accept: str) -> None:
    answer = video(alice, finished, Accept=accept)
    assert (answer.status_code, body(answer)) == (200, VIDEO_BYTES)


@pytest.mark.parametrize("name", FILES)
def test_there_is_no_file_before_the_end(alice: APIClient, queued: RenderJob, name: str) -> None:
    answer = alice.get(f"/api/v1/renders/{queued.pk}/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "video-not-ready")


def test_an_asgi_server_gets_the_file_piece_by_piece(
    alice: APIClient, finished: RenderJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "CHUNK_BYTES", 4096)

    async def fetch() -> list[bytes]:
        path = f"/api/v1/renders/{finished.pk}/video"
        answer: Any = await AsyncClient().get(path, headers=authorization(alice))
        assert answer.is_async
        return [piece async for piece in answer.streaming_content]

    pieces = async_to_sync(fetch)()
    assert [len(piece) for piece in pieces] == [4096, 4096, 2048]
    assert b"".join(pieces) == VIDEO_BYTES
