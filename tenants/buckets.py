"""Media in a bucket: django-storages' S3 backend, made fit for large files and many threads.

Objects are read as a stream of ranged GETs (the stock file downloads the whole object into memory first), one
client serves all threads, and every failure is an OSError, as it is with files on a disk.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from django.core.files import File
from storages.backends.s3 import S3Storage

from tenants.facts import Facts

BUFFER_BYTES = 256 * 1024
# DeleteObjects takes no more.
BATCH = 1000

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


class Bucket(S3Storage):  # type: ignore[misc]  # django-storages ships no types
    """The whole bucket of OPTIONS; keys are those of tenants.storage."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._lock = threading.Lock()
        self._clients: dict[int, Any] = {}

    @property
    def client(self) -> Any:
        """The process's S3 client. A forked child makes its own: sockets are not shared."""
        with self._lock:
            if os.getpid() not in self._clients:
                self._clients[os.getpid()] = self._new_client()
            return self._clients[os.getpid()]

    def facts(self, key: str) -> Facts:
        """One HEAD. Raises FileNotFoundError."""
        with _os_errors(key):
            head = self.client.head_object(Bucket=self.bucket_name, Key=key)
        return _facts(key, size=head["ContentLength"], head=head)

    def below(self, prefix: str) -> Iterator[Facts]:
        """Every object whose key starts with `prefix`, in the order of the keys: one request a thousand."""
        for row in self._rows("list_objects_v2", "Contents", prefix):
            yield _facts(row["Key"], size=row["Size"], head=row)

    def remove_below(self, prefix: str) -> int:
        """Remove what starts with `prefix`: objects, older versions, half-sent uploads; how many."""
        removed = 0
        targets = self._targets(prefix)
        while batch := [target for _, target in zip(range(BATCH), targets, strict=False)]:
            self._remove(batch, prefix)
            removed += len(batch)
        return removed + self._abort_uploads(prefix)

    def left_below(self, prefix: str) -> int:
        """How many objects, older versions and half-sent uploads there are."""
        uploads = self._rows("list_multipart_uploads", "Uploads", prefix)
        return sum(1 for _ in self._targets(prefix)) + sum(1 for _ in uploads)

    def exists(self, name: str) -> bool:
        """Is there an object of this name?"""
        try:
            self.facts(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        """Bytes of an object. Raises FileNotFoundError."""
        return self.facts(name).size_bytes

    def delete(self, name: str) -> None:
        """Remove an object; an absent one is fine."""
        with _os_errors(name):
            self.client.delete_object(Bucket=self.bucket_name, Key=name)

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode != "rb":
            raise ValueError("objects are read as bytes and written as a whole")
        raw = _ObjectReader(self.client, bucket=self.bucket_name, facts=self.facts(name))
        stream: Any = io.BufferedReader(raw, BUFFER_BYTES)
        return File(stream, name=name)

    def _save(self, name: str, content: IO[bytes]) -> str:
        # One PUT, or parts that a last call joins: readers see the old object or the new one, whole.
        arguments = {"ExtraArgs": self._get_write_parameters(name, content), "Config": self.transfer_config}
        with _os_errors(name):
            self.client.upload_fileobj(content, self.bucket_name, name, **arguments)
        return name

    def _new_client(self) -> Any:
        options = {"use_ssl": self.use_ssl, "verify": self.verify, "config": self.client_config}
        places = {"region_name": self.region_name, "endpoint_url": self.endpoint_url}
        return self._create_session().client("s3", **places, **options)

    def _rows(self, operation: str, field: str, prefix: str) -> Iterator[dict[str, Any]]:
        pages = self.client.get_paginator(operation).paginate(Bucket=self.bucket_name, Prefix=prefix)
        with _os_errors(prefix):
            for page in pages:
                yield from page.get(field, [])

    def _targets(self, prefix: str) -> Iterator[dict[str, str]]:
        if not self._keeps_versions():
            yield from ({"Key": row["Key"]} for row in self._rows("list_objects_v2", "Contents", prefix))
            return
        for field in ("Versions", "DeleteMarkers"):
            for row in self._rows("list_object_versions", field, prefix):
                yield {"Key": row["Key"], "VersionId": row["VersionId"]}

    def _keeps_versions(self) -> bool:
        try:
            answer = self.client.get_bucket_versioning(Bucket=self.bucket_name)
        except ClientError as error:
            # Stores that know no versions say so in one of these ways; a missing right must not pass.
            if error.response["Error"]["Code"] in ("NotImplemented", "MethodNotAllowed", "501", "405"):
                return False
            raise OSError(f"{error.response['Error']['Code']} at {self.bucket_name}") from error
        return "Status" in answer

    def _remove(self, batch: list[dict[str, str]], prefix: str) -> None:
        with _os_errors(prefix):
            answer = self.client.delete_objects(
                Bucket=self.bucket_name, Delete={"Objects": batch, "Quiet": True}
            )
        if refused := answer.get("Errors"):
            raise OSError(f"{len(refused)} objects were not removed: {refused[0]['Code']}")

    def _abort_uploads(self, prefix: str) -> int:
        uploads = list(self._rows("list_multipart_uploads", "Uploads", prefix))
        for upload in uploads:
            with _os_errors(prefix):
                self.client.abort_multipart_upload(
                    Bucket=self.bucket_name, Key=upload["Key"], UploadId=upload["UploadId"]
                )
        return len(uploads)


class _ObjectReader(io.RawIOBase):
    """One version of an object, from wherever it is told to read; a broken connection is taken up again."""

    def __init__(self, client: Any, *, bucket: str, facts: Facts) -> None:
        self._client, self._facts = client, facts
        # If-Match: a file that is replaced meanwhile fails instead of being a mixture.
        self._target = {"Bucket": bucket, "Key": facts.key, "IfMatch": facts.version}
        self._position = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._facts.size_bytes}[whence]
        if start + offset != self._position:
            self._hang_up()
            self._position = start + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        if self._position >= self._facts.size_bytes:
            return 0
        try:
            piece = self._read(len(buffer))
        except (HTTPClientError, OSError):
            # Once more from here; botocore retries requests, but not the reading of a body.
            self._hang_up()
            piece = self._read(len(buffer))
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        self._hang_up()
        super().close()

    def _read(self, size: int) -> bytes:
        with _os_errors(self._facts.key):
            if self._body is None:
                answer = self._client.get_object(**self._target, Range=f"bytes={self._position}-")
                self._body = answer["Body"]
            piece: bytes = self._body.read(size)
        if not piece:
            raise OSError(f"the object ended at byte {self._position} of {self._facts.size_bytes}")
        return piece

    def _hang_up(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


def _facts(key: str, *, size: int, head: dict[str, Any]) -> Facts:
    return Facts(key=key, size_bytes=size, modified_at=head["LastModified"], version=head["ETag"])


@contextmanager
def _os_errors(name: str) -> Iterator[None]:
    """What boto raises, as the OSErrors that files raise."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _ABSENT:
            raise FileNotFoundError(name) from None
        raise OSError(f"The object store answered {code} for {name}.") from error
    except (BotoCoreError, Boto3Error) as error:
        raise OSError(f"The object store failed: {type(error).__name__} for {name}.") from error
