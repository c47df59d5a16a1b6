"""JSON edge of /api/account/audit."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from accounts import audit_exports, audit_trail
from accounts.audit_trail import Filters
from cutroom import clock
from cutroom.errors import InvalidInput
from cutroom.negotiation import CsvForm, JsonLinesForm, RowForms
from cutroom.pagination import CursorPages
from cutroom.schema import CURSOR, page_of, problems
from tenants import audit, row_files
from tenants.http import Principal
from tenants.models import AuditEntry
from tenants.permissions import HasCapability
from tenants.roles import Capability

PAGE_ROWS = 50
_LIMIT = OpenApiParameter("limit", int, description=f"Rows a page, 1 to 100; {PAGE_ROWS} unless given.")


class AuditRow(serializers.ModelSerializer):
    """One thing somebody did, or was refused."""

    sequence = serializers.IntegerField(
        source="link.sequence", read_only=True, help_text="Place in the chain."
    )
    hash = serializers.CharField(
        source="link.hash", read_only=True, help_text="SHA-256 of the entry and of the hash before it."
    )

    class Meta:
        model = AuditEntry
        fields = [
            "id",
            "sequence",
            "at",
            "action",
            "target",
            "is_denied",
            "user_id",
            "api_key_id",
            "session_id",
            "operator_id",
            "request_id",
            "detail",
            "hash",
        ]


class AuditQuery(serializers.Serializer):
    """What to list."""

    action = serializers.CharField(required=False, max_length=64, help_text="Only this action.")
    actor = serializers.UUIDField(required=False, help_text="Only what this person or API key did.")
    is_denied = serializers.BooleanField(required=False, default=None, allow_null=True, help_text="Refused?")


class AuditPages(CursorPages):
    """Newest first."""

    page_size = PAGE_ROWS
    ordering = ("-at", "-id")


class AuditAPI(GenericAPIView):
    """GET /api/account/audit."""

    permission_classes = [HasCapability]
    capability = Capability.SEE_AUDIT
    serializer_class = AuditRow
    pagination_class = AuditPages
    renderer_classes = [JSONRenderer, CsvForm, JsonLinesForm]
    content_negotiation_class = RowForms

    @extend_schema(
        operation_id="account_audit",
        tags=["account"],
        parameters=[AuditQuery, _LIMIT, CURSOR],
        responses={
            (200, "application/json"): page_of(AuditRow),
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="All entries, oldest first"),
            (200, "application/jsonl"): OpenApiResponse(
                OpenApiTypes.STR, description="All entries, oldest first"
            ),
            **problems(InvalidInput),
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The tenant's audit log: JSON in pages, newest first, or all that fits as one CSV or JSONL file."""
        kind = cast(Any, request).accepted_renderer.format
        if kind in row_files.FORMS:
            return audit_file(request._request, cast(Principal, request.user), self._filters(), kind=kind)
        rows = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    def get_queryset(self) -> Any:
        """Entries of the tenant in context, as the query asks for. Raises ValidationError."""
        return audit_trail.entries(self._filters())

    def _filters(self) -> Filters:
        query = AuditQuery(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        return Filters(**query.validated_data)


def audit_file(request: HttpRequest, caller: Principal, filters: Filters, *, kind: str) -> HttpResponseBase:
    """The caller's audit log as a file. That it was taken is an entry too, and the last one in it."""
    audit.record("audit.exported", detail={"form": kind})
    at = clock.now()
    return row_files.row_file(
        request,
        audit_exports.of_tenant(caller.tenant_id, filters, until=at),
        columns=audit_exports.COLUMNS,
        kind=kind,
        name=f"audit-{caller.tenant_slug}-{at:%Y%m%d_%H%M%S}",
    )
