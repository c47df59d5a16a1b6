"""Backups in a bucket: S3, or anything that speaks it. Uploads go in parts: any size takes little memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from gdpr import conf
from gdpr.backups.stores import Reader

# S3 takes 10,000 parts of at least 5 MiB. After 16 GiB the parts grow, which makes 578 GiB an object.
PART_BYTES = 16 * 1024 * 1024
SMALL_PARTS = 1_000


class S3Store:
    """A prefix of a bucket. Credentials are found as boto3 finds them: environment, file or role."""

    def __init__(self, *, bucket: str, prefix: str) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        config = Config(connect_timeout=10, read_timeout=60, retries={"max_attempts": 5, "mode": "standard"})
        self.client: Any = boto3.client("s3", endpoint_url=conf.backup_s3_endpoint() or None, config=config)

    @contextmanager
    def writing(self, name: str) -> Iterator[_Upload]:
        """Upload in parts; the object appears with the last call."""
        upload = _Upload(self.client, Bucket=self.bucket, Key=self.prefix + name)
        try:
            yield upload
            upload.complete()
        except BaseException:
            upload.abort()
            raise

    @contextmanager
    def reading(self, name: str) -> Iterator[Reader]:
        """Stream the object."""
        try:
            body = self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                raise FileNotFoundError(name) from None
            raise
        try:
            yield body
        finally:
            body.close()

    def names(self, prefix: str) -> Iterator[tuple[str, int]]:
        """List the bucket; S3 answers in the order of the names."""
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix + prefix):
            for row in page.get("Contents", []):
                yield row["Key"].removeprefix(self.prefix), row["Size"]

    def delete(self, name: str) -> None:
        """Remove the object; S3 says nothing of an absent one."""
        self.client.delete_object(Bucket=self.bucket, Key=self.prefix + name)

    def free_bytes(self) -> None:
        """A bucket does not say."""
        return

    def remove_leftovers(self) -> None:
        """Parts of uploads that nobody completed."""
        for page in self.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.bucket, Prefix=self.prefix
        ):
            for row in page.get("Uploads", []):
                self.client.abort_multipart_upload(
                    Bucket=self.bucket, Key=row["Key"], UploadId=row["UploadId"]
                )


class _Upload:
    """One multipart upload. Parts that were sent cost money until it is completed or aborted."""

    def __init__(self, client: Any, **target: str) -> None:
        self.client, self.target = client, target
        self.upload_id: str = client.create_multipart_upload(**target)["UploadId"]
        self.waiting = bytearray()
        self.parts: list[dict[str, Any]] = []

    def write(self, piece: bytes) -> int:
        """Take a piece; a full part is sent."""
        self.waiting += piece
        size = PART_BYTES if len(self.parts) < SMALL_PARTS else 4 * PART_BYTES
        while len(self.waiting) >= size:
            self._send(bytes(self.waiting[:size]))
            del self.waiting[:size]
        return len(piece)

    def complete(self) -> None:
        """Send the rest and make the object appear."""
        if self.waiting or not self.parts:
            self._send(bytes(self.waiting))
        parts = {"Parts": self.parts}
        self.client.complete_multipart_upload(**self.target, UploadId=self.upload_id, MultipartUpload=parts)

    def abort(self) -> None:
        """Forget the parts."""
        self.client.abort_multipart_upload(**self.target, UploadId=self.upload_id)

    def _send(self, body: bytes) -> None:
        number = len(self.parts) + 1
        answer = self.client.upload_part(**self.target, UploadId=self.upload_id, PartNumber=number, Body=body)
        self.parts.append({"ETag": answer["ETag"], "PartNumber": number})
