"""/api/v1/uploads: files in pieces, by the tus protocol (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

import base64
import binascii
from typing import IO, Any, cast
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom import clock
from cutroom.bodies import Body
from cutroom.errors import InvalidInput, NotFound
from cutroom.parsers import BoundedJSONParser
from cutroom.schema import problems
from metering.errors import QuotaExceeded
from metering.meters import Meter
from rendering import selectors
from rendering.api.fields import link
from rendering.errors import PieceTooLarge, TooManyUploads, UploadOver, WrongOffset
from rendering.intake import receiving
from rendering.intake.models import Upload, UploadState
from tenants.context import tenant_context
from tenants.http import Principal
from tenants.roles import Capability

_TAGS = ["assets"]
_FULL = QuotaExceeded(
    meter=Meter.STORAGE, used=99_000_000_000, held=0, limit=100_000_000_000, requested=2**31, resets_at=None
)
_TUS = {"Tus-Resumable": "1.0.0", "Cache-Control": "no-store"}
_OFFSET = OpenApiParameter(
    "Upload-Offset", int, OpenApiParameter.HEADER, required=True, description="Where this piece begins"
)
_LENGTH = OpenApiParameter("Upload-Length", int, OpenApiParameter.HEADER, description="Size of the file")
_NAMED = OpenApiParameter(
    "Upload-Metadata", str, OpenApiParameter.HEADER, description="`filename` and its value in base64"
)


class PieceParser(BaseParser):
    """Bytes as they come; they are copied to a file and not held."""

    media_type = "application/offset+octet-stream"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """The stream itself."""
        return stream


class UploadForm(Body):
    """A file to send in pieces. A tus client says the same in headers."""

    name = serializers.CharField(max_length=255)
    size = serializers.IntegerField(min_value=1)


class UploadSerializer(serializers.Serializer):
    """How an upload stands. PATCH pieces to `url` from `offset` on; `asset` is set once `state` is ready."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=UploadState.choices)
    name = serializers.CharField()
    size = serializers.IntegerField(source="length")
    offset = serializers.IntegerField()
    url = serializers.SerializerMethodField()
    asset = serializers.UUIDField(source="asset_id", allow_null=True)
    error = serializers.CharField()
    error_code = serializers.CharField()
    expires_at = serializers.DateTimeField()

    def get_url(self, upload: Upload) -> str:
        """Where pieces go."""
        return link("upload", upload.pk)


class UploadsAPI(APIView):
    """POST /api/v1/projects/{slug}/uploads"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="uploads_create",
        tags=_TAGS,
        parameters=[_LENGTH, _NAMED],
        request=UploadForm,
        responses={
            201: UploadSerializer,
            **problems(InvalidInput, NotFound, TooManyUploads, _FULL),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Begin an upload in pieces: pictures, sound and video up to 4 GB."""
        project = selectors.project_by_slug(slug)
        form = UploadForm(data=_by_headers(request) or request.data)
        form.is_valid(raise_exception=True)
        upload = receiving.begin(
            project=project,
            name=form.validated_data["name"],
            length=form.validated_data["size"],
            user_id=cast(Principal, request.user).user_id,
            at=clock.now(),
        )
        headers = {**_TUS, "Location": link("upload", upload.pk), "Upload-Offset": "0"}
        return Response(UploadSerializer(upload).data, status=201, headers=headers)


class UploadAPI(APIView):
    """GET, HEAD, PATCH, DELETE /api/v1/uploads/{id}"""

    capability = Capability.USE_PRODUCT
    parser_classes = [PieceParser, BoundedJSONParser]

    @extend_schema(
        operation_id="uploads_get",
        tags=_TAGS,
        responses={200: UploadSerializer, **problems(NotFound)},
    )
    def get(self, request: Request, upload_id: UUID) -> Response:
        """How an upload stands; HEAD gives the headers alone."""
        with tenant_context(_tenant(request)):
            upload = selectors.upload(upload_id)
        headers = {**_TUS, "Upload-Offset": str(upload.offset), "Upload-Length": str(upload.length)}
        if upload.state == UploadState.CHECKING:
            headers["Retry-After"] = "2"
        return Response(UploadSerializer(upload).data, headers=headers)

    @extend_schema(
        operation_id="uploads_patch",
        tags=_TAGS,
        parameters=[_OFFSET],
        request={"application/offset+octet-stream": bytes},
        responses={204: None, **problems(InvalidInput, NotFound, WrongOffset, UploadOver, PieceTooLarge)},
    )
    def patch(self, request: Request, upload_id: UUID) -> Response:
        """Add a piece of at most 64 MB. After a cut connection ask with HEAD where to go on."""
        tenant_id = _tenant(request)
        with tenant_context(tenant_id):
            selectors.upload(upload_id)
        declared = request.headers.get("Content-Length", "")
        upload = receiving.take_piece(
            tenant_id=tenant_id,
            upload_id=upload_id,
            offset=_number(request, "Upload-Offset"),
            # Past DRF's parsers and caches: the body is a file on disk by now, or a socket.
            source=cast(IO[bytes], request._request),
            declared_bytes=int(declared) if declared.isdecimal() and len(declared) < 19 else None,
        )
        return Response(status=204, headers={**_TUS, "Upload-Offset": str(upload.offset)})

    @extend_schema(operation_id="uploads_delete", tags=_TAGS, responses={204: None, **problems(NotFound)})
    def delete(self, request: Request, upload_id: UUID) -> Response:
        """Give an upload up. An asset that came of it stays."""
        with tenant_context(_tenant(request)):
            receiving.give_up(selectors.upload(upload_id))
        return Response(status=204, headers=_TUS)


def _tenant(request: Request) -> UUID:
    return cast(Principal, request.user).tenant_id


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isdecimal() and text.isascii() and len(text) < 19):
        detail = f"The header {header} must be a whole number."
        raise InvalidInput(errors=[{"field": header, "code": "invalid", "detail": detail}])
    return int(text)


def _by_headers(request: Request) -> dict[str, Any]:
    """What a tus client says; nothing when there is no Upload-Length."""
    if "Upload-Length" not in request.headers:
        return {}
    pairs = [pair.split(" ") for pair in request.headers.get("Upload-Metadata", "").split(",") if pair]
    said = {pair[0].strip(): pair[1] for pair in pairs if len(pair) == 2}
    try:
        name = base64.b64decode(said.get("filename", ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        name = ""
    return {"name": name or "file", "size": _number(request, "Upload-Length")}
