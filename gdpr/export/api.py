"""JSON edge of exports: POST /api/account/export, its status, its download."""

from __future__ import annotations

import time
from typing import Any, cast
from uuid import UUID

from django.http import HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import recent_sign_in
from cutroom import clock
from gdpr import conf
from gdpr.export import services
from gdpr.export.models import Export, ExportState
from tenants.context import tenant_context
from tenants.http import Principal
from tenants.permissions import HasCapability
from tenants.roles import Capability

_POLL_SECONDS = 0.15
_RETRY_SECONDS = "5"


class ExportDocument(serializers.ModelSerializer):
    """One export. `download_url` answers 202 until `status` is ready, and 410 after `expires_at`."""

    success = serializers.SerializerMethodField()
    status = serializers.CharField(source="state")
    scope = serializers.SerializerMethodField()
    status_url = serializers.SerializerMethodField()
    download_url = serializers.SerializerMethodField()
    expires_in_hours = serializers.SerializerMethodField()

    class Meta:
        model = Export
        fields = [
            "success",
            "id",
            "name",
            "scope",
            "status",
            "progress",
            "status_url",
            "download_url",
            "expires_in_hours",
            "size_bytes",
            "rows",
            "files",
            "missing",
            "error",
            "created_at",
            "finished_at",
            "expires_at",
        ]

    def get_success(self, export: Export) -> bool:
        """False for one that could not be made."""
        return export.state != ExportState.FAILED

    def get_scope(self, export: Export) -> str:
        """`workspace`, or `person` for what is about the caller alone."""
        return "workspace" if export.is_whole else "person"

    def get_status_url(self, export: Export) -> str:
        """Where to look how far it is."""
        return reverse("gdpr:export-status", args=[export.pk])

    def get_download_url(self, export: Export) -> str:
        """Where the archive is fetched from."""
        return reverse("gdpr:download-export", args=[export.name])

    def get_expires_in_hours(self, export: Export) -> int:
        """How long a finished archive is kept."""
        return conf.export_hours()


class ExportList(serializers.Serializer):
    """The caller's latest exports."""

    results = ExportDocument(many=True)


class ExportAPI(APIView):
    """POST /api/account/export."""

    permission_classes = [HasCapability]
    capability = Capability.EXPORT_OWN

    @extend_schema(
        operation_id="account_export",
        tags=["account"],
        request=None,
        responses={200: ExportDocument, 202: ExportDocument},
    )
    def post(self, request: Request) -> Response:
        """Ask for an archive of the workspace, or for a creator of what is about them.

        Waits up to 5 seconds: 200 when the archive is ready by then, else 202. Asking again while one is
        being made gives the same one.
        """
        caller = cast(Principal, request.user)
        with tenant_context(caller.tenant_id):
            export = services.request_export(caller, at=clock.now())
        export = _after_waiting(export)
        response = Response(ExportDocument(export).data, status=202 if export.is_open else 200)
        response["Location"] = reverse("gdpr:export-status", args=[export.pk])
        if export.is_open:
            response["Retry-After"] = _RETRY_SECONDS
        return response


class ExportsAPI(APIView):
    """GET /api/account/exports."""

    permission_classes = [HasCapability]
    capability = Capability.EXPORT_OWN

    @extend_schema(operation_id="account_exports", tags=["account"], responses=ExportList)
    def get(self, request: Request) -> Response:
        """The caller's latest exports, newest first."""
        caller = cast(Principal, request.user)
        with tenant_context(caller.tenant_id):
            return Response({"results": ExportDocument(services.exports_of(caller), many=True).data})


class ExportStatusAPI(APIView):
    """GET and DELETE /api/account/exports/{id}."""

    permission_classes = [HasCapability]
    capability = Capability.EXPORT_OWN

    @extend_schema(operation_id="account_export_status", tags=["account"], responses=ExportDocument)
    def get(self, request: Request, export_id: UUID) -> Response:
        """How far an export is."""
        caller = cast(Principal, request.user)
        with tenant_context(caller.tenant_id):
            return Response(ExportDocument(services.find(caller, export_id=export_id)).data)

    @extend_schema(operation_id="account_delete_export", tags=["account"], responses={204: None})
    def delete(self, request: Request, export_id: UUID) -> Response:
        """Delete the archive before its time."""
        caller = cast(Principal, request.user)
        with tenant_context(caller.tenant_id):
            services.delete(services.find(caller, export_id=export_id))
        return Response(status=204)


class DownloadExportAPI(APIView):
    """GET /api/account/download-export/{name}.zip."""

    permission_classes = [HasCapability]
    capability = Capability.EXPORT_OWN

    @extend_schema(
        operation_id="account_download_export",
        tags=["account"],
        parameters=[OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="bytes=first-last")],
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            (206, "application/zip"): OpenApiTypes.BINARY,
            202: OpenApiResponse(ExportDocument, description="Still being made; see Retry-After."),
        },
    )
    def get(self, request: Request, name: str) -> HttpResponseBase:
        """The archive, whole or by Range. Only for who asked for it, within ten minutes of signing in."""
        caller = cast(Principal, request.user)
        export = services.find(caller, name=name)
        if export.is_open:
            document: Any = ExportDocument(export).data
            return Response(document, status=202, headers={"Retry-After": _RETRY_SECONDS})
        services.require_ready(export, at=clock.now())
        recent_sign_in.require(caller)
        return services.download(request._request, export)


def _after_waiting(export: Export) -> Export:
    """The export once it is made, or when there is no time left; no transaction is open meanwhile."""
    deadline = time.monotonic() + conf.export_wait_seconds()
    while export.is_open and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        with tenant_context(export.tenant_id):
            export.refresh_from_db()
    return export
