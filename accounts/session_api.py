"""JSON edge of /api/auth: who is calling, and on which devices."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services, sessions
from cutroom import clock
from cutroom.errors import NotFound, PermissionDenied
from cutroom.schema import problems
from tenants import plans
from tenants.http import IsMember, Principal


class SessionRow(serializers.Serializer):
    """One signed-in device."""

    id = serializers.UUIDField()
    device = serializers.CharField()
    ip = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()
    is_current = serializers.BooleanField()


class TenantRow(serializers.Serializer):
    """The tenant of the session."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    plan = serializers.CharField()


class Me(serializers.Serializer):
    """The caller."""

    id = serializers.UUIDField(allow_null=True)
    email = serializers.CharField(allow_blank=True)
    role = serializers.CharField()
    tenant = TenantRow()
    session = SessionRow(allow_null=True)


class MeAPI(APIView):
    """GET /api/auth/me."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="auth_me", tags=["auth"], responses={200: Me, **problems(PermissionDenied)})
    def get(self, request: Request) -> Response:
        """Who is calling, in which tenant and by which session. 403 without credentials."""
        if not isinstance(request.user, Principal):
            raise PermissionDenied("Send an access token or an API key.")
        caller = request.user
        body = {
            "id": caller.user_id,
            "email": caller.email,
            "role": str(caller.role),
            "tenant": {
                "id": caller.tenant_id,
                "slug": caller.tenant_slug,
                "name": caller.tenant_name,
                "plan": plans.plan_name(caller.tenant_id),
            },
            "session": _current_session(caller),
        }
        return Response(Me(body).data)


class SessionsAPI(APIView):
    """GET /api/auth/sessions."""

    permission_classes = [IsMember]

    @extend_schema(operation_id="auth_sessions", tags=["auth"], responses=SessionRow(many=True))
    def get(self, request: Request) -> Response:
        """The caller's open sessions."""
        rows = sessions.alive(person_id(request), at=clock.now())
        current = person(request).session_id
        return Response(
            {"results": [_session_row(row, current) for row in rows], "next": None, "previous": None}
        )


class SessionAPI(APIView):
    """DELETE /api/auth/sessions/{id}."""

    permission_classes = [IsMember]

    @extend_schema(operation_id="auth_end_session", tags=["auth"], responses={204: None})
    def delete(self, request: Request, session: str) -> Response:
        """End one session, or `all`."""
        if session == "all":
            services.end_all_sessions(user_id=person_id(request), at=clock.now())
            return Response(status=204)
        try:
            session_id = UUID(session)
        except ValueError:
            raise NotFound() from None
        services.end_session(user_id=person_id(request), session_id=session_id, at=clock.now())
        return Response(status=204)


def person(request: Request) -> Principal:
    """The signed-in caller of a view that requires one."""
    return cast(Principal, request.user)


def person_id(request: Request) -> UUID:
    """The caller's user id. Raises PermissionDenied for API keys, which are nobody in particular."""
    user_id = person(request).user_id
    if user_id is None or person(request).session_id is None:
        raise PermissionDenied("This needs a signed-in person, not an API key.")
    return user_id


def _current_session(caller: Principal) -> dict[str, Any] | None:
    if caller.session_id is None or caller.user_id is None:
        return None
    return _session_row(sessions.one(caller.session_id), caller.session_id)


def _session_row(row: Any, current: UUID | None) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "device": row.device,
        "ip": row.ip,
        "created_at": row.created_at,
        "seen_at": row.seen_at,
        "is_current": row.pk == current,
    }
