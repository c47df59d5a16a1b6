"""Stored objects over HTTP: ranges, conditions and bytes (RFC 9110 sections 13 and 14)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import AsyncRequestFactory, RequestFactory

from cutroom.errors import NotFound
from tenants import storage
from tenants.downloads import CHUNK_BYTES, file_response
from tests.threads import in_a_loop

# Storing asks whether the tenant is being erased.
pytestmark = pytest.mark.django_db

CONTENT = bytes(range(256)) * 4
SIZE = len(CONTENT)


@pytest.fixture(params=["media", "media_bucket"])
def place(request: pytest.FixtureRequest) -> None:
    """Where objects lie: a folder, then a bucket."""
    request.getfixturevalue(request.param)


@pytest.fixture
def stored(place: None, tmp_path: Path) -> str:
    """The key of a stored object of 1024 bytes."""
    return store(CONTENT, tmp_path)


def store(content: bytes, directory: Path) -> str:
    source = directory / "source"
    source.write_bytes(content)
    key = storage.storage_key(tenant_id=uuid4(), area="videos", name="film.mp4")
    storage.store_file(key, source)
    return key


def get(key: str, *, method: str = "GET", **headers: str) -> HttpResponseBase:
    request = RequestFactory().generic(method, "/film", headers=headers)
    return file_response(request, key, "video/mp4")


def body(response: Any) -> bytes:
    content: bytes = response.getvalue() if response.streaming else response.content
    return content


def test_the_whole_object(stored: str) -> None:
    response = get(stored)
    assert (response.status_code, body(response)) == (200, CONTENT)
    assert response["Content-Length"] == str(SIZE)
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Type"] == "video/mp4"
    assert "private" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=1000-", 1000, 1023),
        ("bytes=1000-999999", 1000, 1023),
        ("bytes=-5", 1019, 1023),
        ("bytes=1-", 1, 1023),
    ],
)
def test_a_range_gives_exactly_its_bytes(stored: str, asked: str, first: int, last: int) -> None:
    response = get(stored, range=asked)
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert response["Content-Length"] == str(last - first + 1)
    assert body(response) == CONTENT[first : last + 1]


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=-", "items=0-1", "bytes=a-b", "bytes=0x1-2", f"bytes={'9' * 5000}-"]
)
def test_several_or_unreadable_ranges_are_ignored(stored: str, asked: str) -> None:
    response = get(stored, range=asked)
    assert (response.status_code, body(response)) == (200, CONTENT)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=5-2", "bytes=-0"])
def test_a_range_beyond_the_end_cannot_be_satisfied(stored: str, asked: str) -> None:
    response = get(stored, range=asked)
    assert response.status_code == 416
    assert response["Content-Type"] == "application/problem+json"
    assert response["Content-Range"] == f"bytes */{SIZE}"


def test_a_suffix_longer_than_the_object_is_the_object(stored: str) -> None:
    assert body(get(stored, range="bytes=-999999")) == CONTENT


def test_if_range_continues_only_the_same_version(stored: str) -> None:
    tag = get(stored)["ETag"]
    assert get(stored, range="bytes=5-9", if_range=tag).status_code == 206
    for other in ('"other"', f"W/{tag}", "Mon, 23 Nov 2026 12:00:00 GMT"):
        changed = get(stored, range="bytes=5-9", if_range=other)
        assert (changed.status_code, body(changed)) == (200, CONTENT)


def test_a_known_version_is_not_sent_again(stored: str) -> None:
    tag = get(stored)["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        response = get(stored, if_none_match=known, range="bytes=0-1")
        assert (response.status_code, body(response), response["ETag"]) == (304, b"", tag)
    assert get(stored, if_none_match='"other"').status_code == 200


def test_head_has_the_headers_of_get_and_no_body(stored: str) -> None:
    plain, head = get(stored), get(stored, method="HEAD", range="bytes=0-1")
    assert (head.status_code, body(head)) == (200, b"")
    assert {**head.headers} == {**plain.headers}


def test_an_empty_object(place: None, tmp_path: Path) -> None:
    key = store(b"", tmp_path)
    assert (get(key).status_code, body(get(key)), get(key)["Content-Length"]) == (200, b"", "0")
    assert get(key, range="bytes=0-").status_code == 416


def test_an_absent_object_is_not_found(place: None) -> None:
    with pytest.raises(NotFound):
        get(f"tenants/{uuid4()}/videos/film.mp4")


def test_a_download_name_survives_any_language(stored: str) -> None:
    response = file_response(RequestFactory().get("/"), stored, "video/mp4", download_name='Ebbe "1".mp4')
    assert response["Content-Disposition"] == "attachment; filename*=UTF-8''Ebbe%20%221%22.mp4"


def test_a_large_object_comes_in_pieces_under_asgi_too(place: None, tmp_path: Path) -> None:
    content = CONTENT * (2 * CHUNK_BYTES // SIZE) + b"end"
    key = store(content, tmp_path)
    response = file_response(AsyncRequestFactory().get("/"), key, "video/mp4")
    assert isinstance(response, StreamingHttpResponse)
    assert response.is_async

    async def pieces() -> list[bytes]:
        return [piece async for piece in response]

    received = in_a_loop(pieces())
    assert b"".join(received) == content
    assert [len(piece) for piece in received] == [CHUNK_BYTES, CHUNK_BYTES, 3]
