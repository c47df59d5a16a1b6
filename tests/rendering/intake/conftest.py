"""Uploads in pieces, and what workers make of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.test import APIClient

from rendering.intake import taking
from rendering.intake.models import Upload
from tenants.context import tenant_context
from tests.cast import Cast

PIECE = "application/offset+octet-stream"


def begin(client: APIClient, name: str, size: int) -> str:
    """Open an upload; its address."""
    answer = client.post("/api/v1/projects/mill/uploads", {"name": name, "size": size})
    assert answer.status_code == 201, answer.json()
    return str(answer["Location"])


def send(client: APIClient, url: str, offset: int, body: bytes) -> Any:
    """Send one piece."""
    request: Any = client.generic
    return request("PATCH", url, body, content_type=PIECE, headers={"Upload-Offset": str(offset)})


def bring(client: APIClient, cast: Cast, name: str, body: bytes) -> dict[str, Any]:
    """A whole file in one piece, and the worker's verdict."""
    url = begin(client, name, len(body))
    assert send(client, url, 0, body).status_code == 204
    work(cast, UUID(url.rpartition("/")[2]))
    found: dict[str, Any] = client.get(url).json()
    return found


def work(cast: Cast, upload_id: UUID) -> Upload:
    """What the worker does now, whatever it waits for."""
    with tenant_context(cast.acme.pk):
        upload = Upload.objects.get(pk=upload_id)
        Upload.objects.filter(pk=upload_id).update(not_before=upload.created_at)
    taking.work(tenant_id=cast.acme.pk, upload_id=upload_id)
    with tenant_context(cast.acme.pk):
        return Upload.objects.get(pk=upload_id)
