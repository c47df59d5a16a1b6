"""JSON edge of /api/auth: asking for a link, signing in, refreshing, signing out."""

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

from accounts import conf, refresh_tokens, services
from accounts.askers import asker_of
from accounts.entry import SignedIn
from accounts.errors import (
    BadCredentials,
    ForeignOrigin,
    LinkExpired,
    LinkInvalid,
    LinkUsed,
    SecondFactorRequired,
    SessionEnded,
)
from cutroom import clock
from cutroom.bodies import Body
from cutroom.errors import InvalidInput, NotAuthenticated, NotFound, RateLimited, UnsupportedMediaType
from cutroom.schema import problems
from tenants.http import Principal

DEAD_LINKS = (LinkInvalid, LinkExpired, LinkUsed)
COOKIE_REFUSALS = problems(ForeignOrigin, UnsupportedMediaType)
SECOND_STEP = SecondFactorRequired(
    challenge="Yk3uQ0m…",
    expires_in=600,
    methods=["app", "passkey", "recovery-code"],
    passkey={"challenge": "…"},
)


class LinkRequest(Body):
    """Body of magic-link/request."""

    email = serializers.CharField(max_length=254)


class LinkRequested(serializers.Serializer):
    """The same answer for every address; `magic_link` exists in development only."""

    success = serializers.BooleanField()
    magic_link = serializers.CharField(required=False)


class VerifyRequest(Body):
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
        operation_id="auth_verify_link",
        tags=["auth"],
        request=VerifyRequest,
        responses={
            200: Tokens,
            **problems(InvalidInput, *DEAD_LINKS, SECOND_STEP, RateLimited(retry_after=60)),
        },
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Exchange a link's token or a code for an access token; sets the refresh cookie.

        For a person with a second factor the answer is `403 second-factor-required` instead: no token, no
        cookie, and a `challenge` to answer at `POST /api/auth/second-factor`. The link is used up.
        """
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

    @extend_schema(
        operation_id="auth_refresh",
        tags=["auth"],
        request=None,
        responses={200: Tokens, **COOKIE_REFUSALS, **problems(BadCredentials, SessionEnded)},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """A new access token and a rotated refresh cookie."""
        require_own_page(request)
        token = request.COOKIES.get(conf.refresh_cookie(), "")
        return token_response(services.refresh(token=token, at=clock.now()))


class LogoutAPI(APIView):
    """POST /api/auth/logout; by access token or refresh cookie, so that an expired token hinders nobody."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="auth_logout",
        tags=["auth"],
        request=None,
        responses={204: None, **COOKIE_REFUSALS, **problems(NotAuthenticated, NotFound)},
    )
    def post(self, request: Request) -> Response:
        """End this session: its access token is refused from the next request on."""
        require_own_page(request)
        user_id, session_id = _session_to_end(request)
        services.end_session(user_id=user_id, session_id=session_id, at=clock.now())
        response = Response(status=204)
        response["Cache-Control"] = "no-store"
        response.delete_cookie(conf.refresh_cookie(), samesite="Strict")
        return response


def token_response(signed_in: SignedIn) -> Response:
    """The token answer with its cookie; never to be cached (RFC 6749 section 5.1)."""
    response = Response(access_document(signed_in.access_token))
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


def access_document(access_token: str) -> dict[str, Any]:
    """An access token with its life in seconds."""
    return {
        "access_token": access_token,
        "refresh_token": None,
        "token_type": "bearer",
        "expires_in": int(conf.access_life().total_seconds()),
    }


def require_own_page(request: Request) -> None:
    """Refuse a cookie route unless a script of our own site calls it.

    DRF exempts its views from Django's CSRF check; this header cannot be sent across sites without CORS, nor
    can JSON. Raises ForeignOrigin and UnsupportedMediaType.
    """
    origin = urlsplit(request.headers.get("Origin", ""))
    own = urlsplit(conf.site_url())
    is_own = (origin.scheme, origin.netloc) == (own.scheme, own.netloc)
    is_cross_site = request.headers.get("Sec-Fetch-Site") == "cross-site"
    if not is_own or is_cross_site or "X-Requested-With" not in request.headers:
        raise ForeignOrigin()
    media_type = (request.content_type or "").partition(";")[0].strip().lower()
    if media_type not in ("", "application/json"):
        raise UnsupportedMediaType()


def _session_to_end(request: Request) -> tuple[UUID, UUID]:
    caller = request.user
    if isinstance(caller, Principal) and caller.user_id and caller.session_id:
        return caller.user_id, caller.session_id
    session = refresh_tokens.session_of(request.COOKIES.get(conf.refresh_cookie(), ""))
    if session is None:
        raise NotAuthenticated()
    return session.user_id, session.pk
