"""Where media lie: a folder, or a bucket that all machines share (docs/scaling.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from config.settings.environment import env as _env


def media_store(var: Path) -> dict[str, Any]:
    """The store of the environment; without S3_BUCKET a folder, by default below `var`."""
    if bucket := _env.str("S3_BUCKET", default=""):
        return {"BACKEND": "tenants.buckets.Bucket", "OPTIONS": {"bucket_name": bucket, **_connection()}}
    folder = _env.str("MEDIA_DIR", default="") or var / "media"
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}


def _connection() -> dict[str, Any]:
    # Only where there is a bucket: boto takes 30 MB and a quarter of a second.
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config

    endpoint = _env.str("S3_ENDPOINT_URL", default="") or None
    style = _env.str("S3_ADDRESSING_STYLE", default="") or ("path" if endpoint else "auto")
    # Newer checksums are Amazon's alone; other stores refuse requests that carry them.
    checksums = "when_required" if endpoint else "when_supported"
    return {
        "endpoint_url": endpoint,
        "region_name": _env.str("S3_REGION", default="") or None,
        "access_key": _env.str("S3_ACCESS_KEY_ID", default="") or None,
        "secret_key": _env.str("S3_SECRET_ACCESS_KEY", default="") or None,
        "transfer_config": TransferConfig(max_concurrency=4),
        "client_config": Config(
            s3={"addressing_style": style},
            connect_timeout=5,
            read_timeout=30,
            retries={"max_attempts": 4, "mode": "standard"},
            max_pool_connections=32,
            request_checksum_calculation=checksums,
            response_checksum_validation=checksums,
        ),
    }
