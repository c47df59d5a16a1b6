"""JSON edge of /api/account: API keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import addresses, conf, keyring, recent_sign_in, services
from accounts.errors import RecentSignInRequired
from accounts.keyring import Wish
from accounts.models import ApiKey
from cutroom import clock
from cutroom.bodies import Body
from cutroom.errors import Conflict, InvalidInput, NotFound
from cutroom.schema import problems
from tenants.http import Principal
from tenants.permissions import HasCapability
from tenants.roles import ALL_SCOPES, Capability, Scope


class RotateRequest(Body):
    """How long older keys go on working; with `key_id` only that one is replaced."""

    grace_hours = serializers.IntegerField(default=0, min_value=0, max_value=conf.MAX_GRACE_HOURS)
    key_id = serializers.UUIDField(default=None, allow_null=True)


class KeyRequest(Body):
    """What a further key shall be. Without `scopes` it may do all that a key may."""

    name = serializers.CharField(default="", allow_blank=True, max_length=keyring.LONGEST_NAME)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), default=list(ALL_SCOPES), max_length=len(Scope)
    )
    networks = serializers.ListField(
        child=serializers.CharField(max_length=64), default=list, max_length=keyring.MOST_NETWORKS
    )
    requests_a_minute = serializers.IntegerField(
        default=None, allow_null=True, min_value=1, max_value=keyring.MOST_REQUESTS
    )
    expires_in_days = serializers.IntegerField(
        default=None, allow_null=True, min_value=1, max_value=keyring.LONGEST_DAYS
    )

    def validate_networks(self, value: list[str]) -> list[str]:
        """Each an address or a network in CIDR."""
        found = [addresses.as_network(each) for each in value]
        if None in found:
            raise serializers.ValidationError("Write networks like 203.0.113.0/24.")
        return [network for network in found if network]

    def wish(self, *, at: datetime) -> Wish:
        """The checked values."""
        data = self.validated_data
        days = data["expires_in_days"]
        return Wish(
            name=data["name"],
            scopes=tuple(set(data["scopes"])),
            networks=tuple(data["networks"]),
            requests_a_minute=data["requests_a_minute"],
            ends_at=at + timedelta(days=days) if days else None,
        )


class NewKey(serializers.Serializer):
    """The key, shown this once."""

    api_key = serializers.CharField()
    created_at = serializers.DateTimeField()


class KeyRow(serializers.ModelSerializer):
    """A key without its secret."""

    key = serializers.SerializerMethodField()

    class Meta:
        model = ApiKey
        fields = [
            "id",
            "key",
            "name",
            "scopes",
            "networks",
            "requests_a_minute",
            "created_by",
            "created_at",
            "last_used_at",
            "last_used_ip",
            "last_used_device",
            "expires_at",
            "leaked_at",
        ]

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
            **problems(InvalidInput, RecentSignInRequired(url="https://…/account/confirm"), NotFound),
        },
    )
    def post(self, request: Request) -> Response:
        """Make a new key; the old ones stop at once unless a grace is asked for.

        With `key_id` only that key is replaced, by one with the same scopes. Needs a sign-in of the last 15
        minutes.
        """
        caller = cast(Principal, request.user)
        recent_sign_in.require(caller, minutes=conf.KEY_RECENT_MINUTES)
        form = RotateRequest(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        plain, key = services.rotate_api_key(
            user_id=caller.user_id,
            grace=timedelta(hours=data["grace_hours"]),
            at=clock.now(),
            key_id=data["key_id"],
        )
        return _shown_once(plain, key)


class KeysAPI(APIView):
    """GET, POST /api/account/api-keys."""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_KEYS

    @extend_schema(operation_id="account_api_keys", tags=["account"], responses=KeyRow(many=True))
    def get(self, request: Request) -> Response:
        """The tenant's keys that are not revoked, newest first."""
        rows = KeyRow(keyring.listed(), many=True).data
        return Response({"results": rows, "next": None, "previous": None})

    @extend_schema(
        operation_id="account_make_api_key",
        tags=["account"],
        request=KeyRequest,
        responses={
            201: NewKey,
            **problems(InvalidInput, RecentSignInRequired(url="https://…/account/confirm"), Conflict),
        },
    )
    def post(self, request: Request) -> Response:
        """Make a further key, limited to scopes, networks, a rate or a time; the others stay.

        Admins are told by mail 14, 3 and 1 days before it ends. Needs a sign-in of the last 15 minutes.
        """
        caller = cast(Principal, request.user)
        recent_sign_in.require(caller, minutes=conf.KEY_RECENT_MINUTES)
        form, at = KeyRequest(data=request.data), clock.now()
        form.is_valid(raise_exception=True)
        plain, key = keyring.make(form.wish(at=at), user_id=caller.user_id, at=at)
        return _shown_once(plain, key, status=201)


class KeyAPI(APIView):
    """DELETE /api/account/api-keys/{id}."""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_KEYS

    @extend_schema(
        operation_id="account_revoke_api_key", tags=["account"], responses={204: None, **problems(NotFound)}
    )
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Revoke a key now."""
        services.revoke_api_key(key_id=key_id, at=clock.now())
        return Response(status=204)


def _shown_once(plain: str, key: ApiKey, *, status: int = 200) -> Response:
    response = Response({"api_key": plain, "created_at": key.created_at}, status=status)
    response["Cache-Control"] = "no-store"
    return response
