"""JSON in, one service call, JSON out: signing in, sessions."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import conf, services, sessions
from accounts.askers import asker_of
from accounts.errors import ForeignOrigin, SessionEnded
from accounts.services import SignedIn
from cutroom import clock
from cutroom.errors import InvalidInput, NotFound, PermissionDenied
from tenants import plans
from tenants.http import Principal


class LinkRequest(serializers.Serializer):
    """Body of magic-link/request."""

    email = serializers.CharField(max_length=254)


class LinkRequested(serializers.Serializer):
    """The same answer for every address; `magic_link` exists in development only."""

    success = serializers.BooleanField()
    magic_link = serializers.CharField(required=False)


class VerifyRequest(serializers.Serializer):
    """Either the link's token, or the address with the code."""

    token = serializers.CharField(required=False, max_length=200)
    email = serializers.CharField(required=False, max_length=254)
    code = serializers.CharField(required=False, max_length=20)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two forms must be complete."""
        if not attrs.get("token") and not (attrs.get("email") and attrs.get("code")):
            raise serializers.ValidationError("Send `token`, or `email` and `code`.")
        return attrs


class Tokens(serializers.Serializer):
    """RFC 6749 section 5.1; the refresh token travels only in its cookie."""

    access_token = serializers.CharField()
    refresh_token = serializers.CharField(allow_null=True)
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()


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


class RequestLinkAPI(APIView):
    """POST /api/auth/magic-link/request."""

    authentication_classes: list[type] = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="auth_request_link", tags=["auth"], request=LinkRequest, responses=LinkRequested, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Mail a sign-in link. The answer is the same for known and unknown addresses."""
        form = LinkRequest(data=request.data)
        form.is_valid(raise_exception=True)
        link = services.request_link(
            email=form.validated_data["email"], asker=asker_of(request._request), at=clock.now()
        )
        body: dict[str, Any] = {"success": True}
        if conf.shows_magic_link():
            body["magic_link"] = link.url
        return Response(body)


class VerifyAPI(APIView):
    """POST /api/auth/magic-link/verify."""

    authentication_classes: list[type] = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="auth_verify_link", tags=["auth"], request=VerifyRequest, responses=Tokens, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Exchange a link's token or a code for an access token; sets the refresh cookie."""
        form = VerifyRequest(data=request.data)
        form.is_valid(raise_exception=True)
        data, asker, at = form.validated_data, asker_of(request._request), clock.now()
        if data.get("token"):
            signed_in = services.verify_token(token=data["token"], asker=asker, at=at)
        else:
            signed_in = services.verify_code(email=data["email"], code=data["code"], asker=asker, at=at)
        return token_response(signed_in)


class RefreshAPI(APIView):
    """POST /api/auth/refresh; authenticates by cookie, so it demands proof of coming from our pages."""

    authentication_classes: list[type] = []
    permission_classes = [AllowAny]

    @extend_schema(operation_id="auth_refresh", tags=["auth"], request=None, responses=Tokens, auth=[])
    def post(self, request: Request) -> Response:
        """A new access token and a rotated refresh cookie."""
        require_own_page(request)
        token = request.COOKIES.get(conf.refresh_cookie(), "")
        return token_response(services.refresh(token=token, at=clock.now()))


class LogoutAPI(APIView):
    """POST /api/auth/logout."""

    @extend_schema(operation_id="auth_logout", tags=["auth"], request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """End this session: its access token is refused from the next request on."""
        require_own_page(request)
        session_id = person(request).session_id
        if session_id is None:
            raise NotFound()
        services.end_session(user_id=person_id(request), session_id=session_id, at=clock.now())
        response = Response(status=204)
        response.delete_cookie(conf.refresh_cookie(), samesite="Strict")
        return response


class MeAPI(APIView):
    """GET /api/auth/me."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="auth_me", tags=["auth"], responses=Me)
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


def token_response(signed_in: SignedIn) -> Response:
    """The token answer with its cookie; never to be cached (RFC 6749 section 5.1)."""
    body = {
        "access_token": signed_in.access_token,
        "refresh_token": None,
        "token_type": "bearer",
        "expires_in": int(conf.access_life().total_seconds()),
    }
    response = Response(body)
    response.set_cookie(
        conf.refresh_cookie(),
        signed_in.refresh_token,
        max_age=conf.REFRESH_LIFE,
        secure=conf.is_secure(),
        httponly=True,
        samesite="Strict",
        path="/",
    )
    response["Cache-Control"] = "no-store"
    return response


def require_own_page(request: Request) -> None:
    """Refuse a cookie route unless a script of our own site calls it. Raises ForeignOrigin.

    DRF exempts its views from Django's CSRF check; this header cannot be sent across sites without CORS.
    """
    origin = urlsplit(request.headers.get("Origin", ""))
    own = urlsplit(conf.site_url())
    is_own = (origin.scheme, origin.netloc) == (own.scheme, own.netloc)
    is_cross_site = request.headers.get("Sec-Fetch-Site") == "cross-site"
    if not is_own or is_cross_site or "X-Requested-With" not in request.headers:
        raise ForeignOrigin()


def person(request: Request) -> Principal:
    """The signed-in caller of a view that requires one."""
    caller: Principal = request.user
    return caller


def person_id(request: Request) -> UUID:
    """The caller's user id. Raises InvalidInput for API keys, which are nobody in particular."""
    user_id = person(request).user_id
    if user_id is None or person(request).session_id is None:
        raise InvalidInput("This needs a signed-in person, not an API key.")
    return user_id


def _current_session(caller: Principal) -> dict[str, Any] | None:
    if caller.session_id is None or caller.user_id is None:
        return None
    rows = [row for row in sessions.alive(caller.user_id, at=clock.now()) if row.pk == caller.session_id]
    if not rows:
        raise SessionEnded()
    return _session_row(rows[0], caller.session_id)


def _session_row(row: Any, current: UUID | None) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "device": row.device,
        "ip": row.ip,
        "created_at": row.created_at,
        "seen_at": row.seen_at,
        "is_current": row.pk == current,
    }
