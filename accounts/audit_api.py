"""JSON edge of /api/account/audit."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit_trail
from accounts.audit_trail import Filters
from cutroom.pagination import CursorPages
from tenants.models import AuditEntry
from tenants.permissions import HasCapability
from tenants.roles import Capability


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

    page_size = 50
    ordering = ("-at", "-id")


class AuditAPI(ListAPIView):
    """GET /api/account/audit."""

    permission_classes = [HasCapability]
    capability = Capability.SEE_AUDIT
    serializer_class = AuditRow
    pagination_class = AuditPages

    @extend_schema(operation_id="account_audit", tags=["account"], parameters=[AuditQuery])
    def get(self, request: Request) -> Response:
        """The tenant's audit log, newest first."""
        return super().list(request)

    def get_queryset(self) -> Any:
        """Entries of the tenant in context, as the query asks for. Raises ValidationError."""
        query = AuditQuery(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        return audit_trail.entries(Filters(**query.validated_data))
