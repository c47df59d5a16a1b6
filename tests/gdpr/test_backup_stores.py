"""A folder and a bucket behave the same: whole or absent, sorted, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pytest_django import Settings

from gdpr import conf
from gdpr.backups import making, manifests, s3, verification
from gdpr.backups.errors import BackupError
from gdpr.backups.s3 import S3Store
from gdpr.backups.stores import LocalStore, Store, open_store
from tests.cast import Cast
from tests.gdpr.conftest import Vault

NAMES = ["b/two", "a/x/1", "a-z", "a/x.y", "a/x/2", "a0", "objects/ab/1-2"]


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each kind of store, empty."""
    if request.param == "folder":
        yield LocalStore(tmp_path / "folder")
        return
    yield open_store(f"s3://{request.getfixturevalue('bucket')}/some/prefix")


def put(store: Store, name: str, content: bytes) -> None:
    with store.writing(name) as writer:
        writer.write(content)


def get(store: Store, name: str) -> bytes:
    with store.reading(name) as reader:
        return reader.read()


def test_what_was_written_is_read(store: Store) -> None:
    put(store, "a/b", b"content")
    assert get(store, "a/b") == b"content"


def test_an_empty_object_is_an_object(store: Store) -> None:
    put(store, "empty", b"")
    assert get(store, "empty") == b""
    assert list(store.names("")) == [("empty", 0)]


def test_names_are_sorted_and_filtered_by_prefix(store: Store) -> None:
    for name in NAMES:
        put(store, name, name.encode())
    assert [name for name, _ in store.names("")] == sorted(NAMES)
    assert list(store.names("a/x")) == [("a/x.y", 5), ("a/x/1", 5), ("a/x/2", 5)]
    assert list(store.names("nothing/")) == []


def test_an_absent_object_is_a_file_not_found(store: Store) -> None:
    with pytest.raises(FileNotFoundError):
        get(store, "nowhere")


def test_deleting_twice_is_fine(store: Store) -> None:
    put(store, "a/b/c", b"x")
    store.delete("a/b/c")
    store.delete("a/b/c")
    assert list(store.names("")) == []


def test_a_writer_that_fails_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.writing("half") as writer:
            writer.write(b"x" * 100)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(store.names("")) == []


def test_writing_again_replaces_as_a_whole(store: Store) -> None:
    put(store, "x", b"old and longer")
    put(store, "x", b"new")
    assert get(store, "x") == b"new"


def test_a_large_object_goes_in_parts(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "PART_BYTES", 5 * 1024 * 1024)
    store = S3Store(bucket=bucket, prefix="")
    piece = bytes(range(256)) * 4096
    with store.writing("large") as writer:
        for _ in range(12):
            writer.write(piece)
        assert len(writer.parts) == 2
        assert len(writer.waiting) < 5 * 1024 * 1024
    assert get(store, "large") == piece * 12


def test_an_upload_that_a_dead_writer_left_is_removed(bucket: str) -> None:
    store = S3Store(bucket=bucket, prefix="p")
    store.client.create_multipart_upload(Bucket=bucket, Key="p/half")
    store.client.create_multipart_upload(Bucket=bucket, Key="somebody/elses")
    store.remove_leftovers()
    left = store.client.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [upload["Key"] for upload in left] == ["somebody/elses"]


def test_a_part_that_the_server_refuses_fails_the_whole_write(bucket: str) -> None:
    store = S3Store(bucket=bucket, prefix="")
    real = store.client.upload_part

    def failing(**arguments: Any) -> Any:
        if arguments["PartNumber"] == 2:
            raise ClientError({"Error": {"Code": "500", "Message": "internal"}}, "UploadPart")
        return real(**arguments)

    store.client.upload_part = failing
    with pytest.raises(ClientError), store.writing("x") as writer:
        writer.write(b"x" * (2 * s3.PART_BYTES))
    assert list(store.names("")) == []
    assert "Uploads" not in store.client.list_multipart_uploads(Bucket=bucket)


def test_what_is_neither_folder_nor_bucket_is_refused() -> None:
    with pytest.raises(BackupError, match="s3://bucket/prefix"):
        open_store("ftp://example.com/x")


@pytest.mark.committed
def test_a_whole_backup_in_a_bucket(
    vault: Vault, acme_at_work: Cast, bucket: str, settings: Settings
) -> None:
    settings.GDPR_BACKUP_STORE = f"s3://{bucket}/cutroom"
    run = making.make()
    store = making.the_store()
    manifest = manifests.load(run.pk, store=store, instance=conf.instance())
    facts = verification.verify(manifest, store=store, identities=vault.identities)
    assert facts["objects"] == 2
    assert all(name.startswith("testserver/") for name, _ in open_store(f"s3://{bucket}/cutroom").names(""))
