"""Media in a bucket behave as in a folder: whole or absent, streamed, removed with all that is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError
from django.core.files.storage import storages

from cutroom import clock, health
from tenants import storage, tombstones
from tenants.buckets import BUFFER_BYTES
from tenants.context import tenant_context
from tenants.errors import TenantErased
from tests.cast import Cast
from tests.threads import at_once

# Storing asks whether the tenant is being erased.
pytestmark = pytest.mark.django_db

MEGABYTE = 1024 * 1024


@pytest.fixture(params=["media", "media_bucket"])
def place(request: pytest.FixtureRequest) -> None:
    """Where objects lie: a folder, then a bucket."""
    request.getfixturevalue(request.param)


@pytest.fixture
def client(s3_server: str, media_bucket: str) -> Any:
    """Another client of the same server."""
    return boto3.client("s3", endpoint_url=s3_server)


def put(name: str, content: bytes, tmp_path: Path, *, area: str = "assets") -> str:
    path = tmp_path / "source"
    path.write_bytes(content)
    key = storage.storage_key(tenant_id=TENANT, area=area, name=name)
    storage.store_file(key, path)
    return key


TENANT = uuid4()


def read(key: str) -> bytes:
    with storage.open_file(key) as file:
        return file.read()


def test_what_was_stored_is_read_and_replaced(place: None, tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        assert read(put("a.bin", content, tmp_path)) == content


def test_a_replaced_object_has_another_fingerprint_at_once(place: None, tmp_path: Path) -> None:
    seen = {storage.facts(put("a.bin", content, tmp_path)).fingerprint for content in (b"one", b"two")}
    assert len(seen) == 2


def test_an_absent_object_is_a_file_not_found(place: None) -> None:
    key = storage.storage_key(tenant_id=TENANT, area="assets", name="absent")
    assert not storage.file_exists(key)
    storage.delete_file(key)
    for look in (storage.file_size, storage.facts, read):
        with pytest.raises(FileNotFoundError):
            look(key)


def test_names_are_listed_by_area_with_those_in_folders(place: None, tmp_path: Path) -> None:
    for name in ("b.bin", "deep/er/c.bin", "a.bin"):
        put(name, b"123", tmp_path)
    put("elsewhere.bin", b"12345", tmp_path, area="videos")
    assert storage.names_in(tenant_id=TENANT, area="assets") == ["a.bin", "b.bin"]
    assert sorted(storage.names_below(tenant_id=TENANT, area="assets")) == ["a.bin", "b.bin", "deep/er/c.bin"]
    assert storage.stored_bytes(tenant_id=TENANT, area="assets") == 9
    assert list(storage.names_below(tenant_id=uuid4(), area="assets")) == []


def test_copies_for_a_program_are_gone_afterwards(place: None, tmp_path: Path) -> None:
    keys = [put(f"{n}.bin", bytes([n]) * 10, tmp_path) for n in range(20)]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with storage.local_paths([*keys, *keys], within=scratch) as paths:
        assert {key: path.read_bytes()[0] for key, path in paths.items()} == {
            k: n for n, k in enumerate(keys)
        }
        assert {path.suffix for path in paths.values()} == {".bin"}
    assert list(scratch.iterdir()) == []
    assert all(storage.file_exists(key) for key in keys)


def test_a_directory_goes_as_a_whole_and_its_neighbour_stays(place: None, tmp_path: Path) -> None:
    for n in range(5):
        put(f"x/{n}.bin", b"1", tmp_path)
    neighbour = storage.storage_key(tenant_id=uuid4(), area="assets", name="mine.bin")
    (tmp_path / "mine").write_bytes(b"1")
    storage.store_file(neighbour, tmp_path / "mine")
    folder = storage.folder_of(TENANT)
    assert storage.left_below(folder) >= 5
    assert storage.delete_below(folder) >= 5
    assert (storage.left_below(folder), storage.delete_below(folder)) == (0, 0)
    assert storage.file_exists(neighbour)


def test_nothing_is_stored_for_an_erased_tenant(place: None, cast: Cast, tmp_path: Path) -> None:
    tombstones.raise_for(cast.acme.pk, at=clock.now())
    path = tmp_path / "late"
    path.write_bytes(b"late")
    key = storage.storage_key(tenant_id=cast.acme.pk, area="videos", name="late.mp4")
    with tenant_context(cast.acme.pk), pytest.raises(TenantErased):
        storage.store_file(key, path)
    assert storage.left_below(storage.folder_of(cast.acme.pk)) == 0


def test_older_versions_and_half_sent_uploads_are_removed_too(
    client: Any, media_bucket: str, tmp_path: Path
) -> None:
    client.put_bucket_versioning(Bucket=media_bucket, VersioningConfiguration={"Status": "Enabled"})
    for content in (b"old", b"new"):
        key = put("a.bin", content, tmp_path)
    storage.delete_file(key)
    client.create_multipart_upload(Bucket=media_bucket, Key=key)
    folder = storage.folder_of(TENANT)
    assert storage.left_below(folder) == 4
    assert storage.delete_below(folder) == 4
    assert storage.left_below(folder) == 0
    versions = client.list_object_versions(Bucket=media_bucket)
    assert not versions.get("Versions")
    assert not versions.get("DeleteMarkers")


def test_more_objects_than_one_request_may_name_are_removed(
    client: Any, media_bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tenants.buckets.BATCH", 3)
    for n in range(8):
        client.put_object(Bucket=media_bucket, Key=f"{storage.folder_of(TENANT)}/assets/{n}", Body=b"x")
    assert storage.delete_below(storage.folder_of(TENANT)) == 8


def test_a_refused_removal_is_an_error(
    media_bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put("a.bin", b"x", tmp_path)
    store: Any = storages["default"]
    denied = {"Errors": [{"Key": "a", "Code": "AccessDenied"}]}
    monkeypatch.setattr(store.client, "delete_objects", lambda **_: denied)
    with pytest.raises(OSError, match="AccessDenied"):
        storage.delete_below(storage.folder_of(TENANT))


def test_an_object_is_read_in_pieces(
    media_bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = put("large.bin", b"x" * (4 * MEGABYTE), tmp_path)
    store: Any = storages["default"]
    sizes: list[int] = []
    real = store.client.get_object

    def watched(**arguments: Any) -> Any:
        answer = real(**arguments)
        answer["Body"] = Watched(answer["Body"], sizes)
        return answer

    monkeypatch.setattr(store.client, "get_object", watched)
    with storage.open_file(key) as file:
        assert len(file.read(10)) == 10
    assert sizes == [BUFFER_BYTES]


class Watched:
    """A body that notes how much is asked of it."""

    def __init__(self, body: Any, sizes: list[int]) -> None:
        self.body, self.sizes = body, sizes
        self.close = body.close

    def read(self, size: int) -> bytes:
        self.sizes.append(size)
        piece: bytes = self.body.read(size)
        return piece


@pytest.mark.fault(49)
def test_reading_goes_on_after_a_broken_connection(
    media_bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 8192
    key = put("a.bin", content, tmp_path)
    store: Any = storages["default"]
    asked, real = [], store.client.get_object

    def breaking(**arguments: Any) -> Any:
        asked.append(arguments["Range"])
        answer = real(**arguments)
        if len(asked) == 1:
            answer["Body"] = Broken(answer["Body"])
        return answer

    monkeypatch.setattr(store.client, "get_object", breaking)
    assert read(key) == content
    assert len(asked) == 2
    assert asked[0] == "bytes=0-"


class Broken:
    """A body whose connection breaks after its first piece."""

    def __init__(self, body: Any) -> None:
        self.pieces: Iterator[bytes] = iter([body.read(100_000)])
        self.close = body.close

    def read(self, size: int) -> bytes:
        try:
            return next(self.pieces)
        except StopIteration:
            raise ConnectionResetError from None


@pytest.mark.fault(49)
def test_an_object_replaced_while_it_is_read_is_no_mixture(media_bucket: str, tmp_path: Path) -> None:
    key = put("a.bin", b"1" * MEGABYTE, tmp_path)
    with storage.open_file(key) as file:
        file.read(1)
        put("a.bin", b"2" * MEGABYTE, tmp_path)
        file.seek(MEGABYTE - 10)
        with pytest.raises(OSError, match=r"412|PreconditionFailed"):
            file.read(10)


@pytest.mark.fault(49)
def test_a_store_that_refuses_is_an_os_error(
    media_bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store: Any = storages["default"]

    def refuse(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": "SlowDown", "Message": "busy"}}, "PutObject")

    monkeypatch.setattr(store.client, "upload_fileobj", refuse)
    with pytest.raises(OSError, match="SlowDown"):
        put("a.bin", b"x", tmp_path)


def test_one_client_serves_all_threads(media_bucket: str, tmp_path: Path) -> None:
    key = put("a.bin", b"x" * 1000, tmp_path)
    store: Any = storages["default"]
    clients = at_once(lambda _: (id(store.client), read(key)), count=8)
    assert len(set(clients)) == 1


def test_readiness_asks_the_bucket(media_bucket: str, client: Any) -> None:
    assert health.check_all()["storage"] == {"ok": True}
    assert storage.place() == f"bucket {media_bucket}"
