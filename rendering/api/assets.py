"""/api/v1/projects/{slug}/assets: pictures, sounds and clips people upload."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom import clock
from cutroom.bodies import Body
from cutroom.errors import InvalidInput, NotFound, Unavailable
from cutroom.negotiation import OneForm
from cutroom.pagination import CursorPages
from cutroom.schema import PAGE_PARAMETERS, file_responses, page_of, problems
from rendering import assets, conf, selectors
from rendering.api.fields import link
from rendering.api.uploads import UploadSerializer
from rendering.errors import RenderRunning, UnusableFile
from rendering.intake import receiving
from rendering.models import Asset, AssetKind
from tenants.downloads import file_response
from tenants.http import Principal
from tenants.roles import Capability

# What the form around a file takes at most.
_FORM_BYTES = 64 * 1024
_TAGS = ["assets"]


class NewAsset(Body):
    """A picture, sound or video in the form field `file`."""

    file = serializers.FileField(allow_empty_file=True)


class AssetSerializer(serializers.Serializer):
    """A stored file without metadata: JPEG, upright; FLAC; or MP4 without sound. `sha256` is of its bytes."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=AssetKind.choices)
    name = serializers.CharField()
    content_type = serializers.CharField()
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    duration_seconds = serializers.FloatField(allow_null=True)
    created_at = serializers.DateTimeField()
    url = serializers.SerializerMethodField()

    @extend_schema_field(str)
    def get_url(self, asset: Asset) -> str:
        """Where its bytes are."""
        return link("asset-file", asset.project.slug, asset.pk)


class AssetsAPI(APIView):
    """GET, POST /api/v1/projects/{slug}/assets"""

    capability = Capability.USE_PRODUCT

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="assets_list",
        tags=_TAGS,
        parameters=PAGE_PARAMETERS,
        responses={200: page_of(AssetSerializer), **problems(NotFound)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """The assets of a project, newest first."""
        project = selectors.project_by_slug(slug)
        pages = CursorPages()
        rows = pages.paginate_queryset(selectors.project_assets(project), request)
        return pages.get_paginated_response(AssetSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="assets_upload",
        tags=_TAGS,
        request={"multipart/form-data": NewAsset},
        responses={
            201: AssetSerializer,
            202: UploadSerializer,
            **problems(InvalidInput, UnusableFile, NotFound, Unavailable),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Upload a picture or sound (201). A video is made anew by a worker: 202, see the upload's `url`."""
        project = selectors.project_by_slug(slug)
        _refuse_long_body(request)
        form = NewAsset(data=request.data)
        form.is_valid(raise_exception=True)
        file = form.validated_data["file"]
        if assets.is_clip(file):
            user_id = cast(Principal, request.user).user_id
            upload = receiving.receive_whole(project=project, file=file, user_id=user_id, at=clock.now())
            headers = {"Location": link("upload", upload.pk), "Retry-After": "2"}
            return Response(UploadSerializer(upload).data, status=202, headers=headers)
        asset = assets.add_asset(project=project, upload=file)
        headers = {"Location": link("asset", slug, asset.pk)}
        return Response(AssetSerializer(asset).data, status=201, headers=headers)


class AssetAPI(APIView):
    """GET, DELETE /api/v1/projects/{slug}/assets/{asset_id}"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="assets_get", tags=_TAGS, responses={200: AssetSerializer, **problems(NotFound)}
    )
    def get(self, request: Request, slug: str, asset_id: UUID) -> Response:
        """One asset."""
        asset = selectors.asset_of(selectors.project_by_slug(slug), asset_id)
        return Response(AssetSerializer(asset).data)

    @extend_schema(
        operation_id="assets_delete", tags=_TAGS, responses={204: None, **problems(NotFound, RenderRunning)}
    )
    def delete(self, request: Request, slug: str, asset_id: UUID) -> Response:
        """Remove an asset. Scenes that show it get a drawn card; finished videos do not change."""
        assets.delete_asset(asset=selectors.asset_of(selectors.project_by_slug(slug), asset_id))
        return Response(status=204)


class AssetFileAPI(APIView):
    """GET /api/v1/projects/{slug}/assets/{asset_id}/file"""

    capability = Capability.USE_PRODUCT

    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="assets_download",
        tags=_TAGS,
        responses={**file_responses("image/jpeg", description="The picture"), **problems(NotFound)},
    )
    def get(self, request: Request, slug: str, asset_id: UUID) -> HttpResponseBase:
        """The bytes of an asset."""
        asset = selectors.asset_of(selectors.project_by_slug(slug), asset_id)
        return file_response(request._request, asset.storage_key, asset.content_type)


def _refuse_long_body(request: Request) -> None:
    """Before the body is parsed, and copied once more."""
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > conf.MAX_UPLOAD_BYTES + _FORM_BYTES:
        detail = f"Files may have {conf.MAX_UPLOAD_BYTES // 1024**2} MB at most."
        raise UnusableFile(errors=[{"field": "file", "code": "too-large", "detail": detail}])
