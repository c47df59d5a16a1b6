"""JSON edge of the backups: what a tenant may know of them."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom import clock
from gdpr.backups.status import status
from tenants.permissions import HasCapability
from tenants.roles import Capability


class BackupStatus(serializers.Serializer):
    """When everything was last backed up and checked. Times are null before the first one."""

    last_backup_at = serializers.DateTimeField(allow_null=True)
    last_verified_at = serializers.DateTimeField(allow_null=True)
    next_backup_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=["green", "red"])


class BackupStatusAPI(APIView):
    """GET /api/account/backup-status."""

    permission_classes = [HasCapability]
    capability = Capability.SEE_BACKUPS

    @extend_schema(operation_id="account_backup_status", tags=["account"], responses=BackupStatus)
    def get(self, request: Request) -> Response:
        """State of the backups: red when the last good or the last verified one is too old."""
        return Response(BackupStatus(status(clock.now())).data)
