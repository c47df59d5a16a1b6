"""JSON edge of /api/account: API keys."""

from __future__ import annotations

from datetime import timedelta
from typing import cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import conf, recent_sign_in, services
from accounts.errors import RecentSignInRequired
from accounts.models import ApiKey
from cutroom import clock
from cutroom.bodies import Body
from cutroom.errors import InvalidInput
from cutroom.schema import problems
from tenants.http import Principal
from tenants.permissions import HasCapability
from tenants.roles import Capability


class RotateRequest(Body):
    """How long older keys go on working."""

    grace_hours = serializers.IntegerField(default=0, min_value=0, max_value=conf.MAX_GRACE_HOURS)


class NewKey(serializers.Serializer):
    """The key, shown this once."""

    api_key = serializers.CharField()
    created_at = serializers.DateTimeField()


class KeyRow(serializers.ModelSerializer):
    """A key without its secret."""

    key = serializers.SerializerMethodField()

    class Meta:
        model = ApiKey
        fields = ["id", "key", "name", "scopes", "created_at", "last_used_at", "last_used_ip", "expires_at"]

    def get_key(self, row: ApiKey) -> str:
        """Prefix and last four, as people recognise it."""
        return f"{row.prefix}…{row.last_four}"


class RotateKeyAPI(APIView):
    """POST /api/account/rotate-api-key."""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_KEYS

    @extend_schema(
        operation_id="account_rotate_api_key",
        tags=["account"],
        request=RotateRequest,
        responses={
            200: NewKey,
            **problems(InvalidInput, RecentSignInRequired(url="https://…/account/confirm")),
        },
    )
    def post(self, request: Request) -> Response:
        """Make a new key; the old one stops at once unless a grace is asked for.

        Needs a sign-in of the last 15 minutes.
        """
        caller = cast(Principal, request.user)
        recent_sign_in.require(caller, minutes=conf.KEY_RECENT_MINUTES)
        form = RotateRequest(data=request.data)
        form.is_valid(raise_exception=True)
        grace = timedelta(hours=form.validated_data["grace_hours"])
        plain, key = services.rotate_api_key(user_id=caller.user_id, grace=grace, at=clock.now())
        response = Response({"api_key": plain, "created_at": key.created_at})
        response["Cache-Control"] = "no-store"
        return response


class KeysAPI(APIView):
    """GET /api/account/api-keys."""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_KEYS

    @extend_schema(operation_id="account_api_keys", tags=["account"], responses=KeyRow(many=True))
    def get(self, request: Request) -> Response:
        """The tenant's keys that are not revoked, newest first."""
        rows = ApiKey.objects.filter(revoked_at=None).order_by("-created_at")
        return Response({"results": KeyRow(rows, many=True).data, "next": None, "previous": None})


class KeyAPI(APIView):
    """DELETE /api/account/api-keys/{id}."""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_KEYS

    @extend_schema(operation_id="account_revoke_api_key", tags=["account"], responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Revoke a key now."""
        services.revoke_api_key(key_id=key_id, at=clock.now())
        return Response(status=204)
