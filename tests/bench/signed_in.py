"""What signing in costs a request: one view behind all middleware, asked with a token, a key, and without.

Through Django's handler, without a socket: that would be the same for all and make the share look smaller.
All three read the same rows in a transaction of their tenant: no view of the product sees rows without one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.handlers.base import BaseHandler
from django.http import HttpResponseBase
from django.test import RequestFactory, override_settings
from django.urls import path
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services
from cutroom import clock
from tenants.context import tenant_context
from tenants.http import IsMember
from tenants.models import Membership, Role
from tests.bench import rounds
from tests.cast import bearer, found_tenant, join

ROWS = 25
LIMITS = {"free": {"tenant": 10**9, "key": 10**9}}


class _Row(serializers.ModelSerializer):
    class Meta:
        model = Membership
        fields = ["id", "user", "role", "created_at"]


class _SignedIn(APIView):
    """Reads and writes out a page of a tenant's rows, for its members."""

    permission_classes: Sequence[Any] = [IsMember]

    def get(self, request: Request, **_: str) -> Response:
        return Response(_Row(Membership.objects.order_by("pk")[:ROWS], many=True).data)


class _Open(_SignedIn):
    """The same rows in the same kind of transaction, for everybody who names the tenant."""

    authentication_classes: Sequence[Any] = []
    permission_classes = [AllowAny]

    def get(self, request: Request, **named: str) -> Response:
        with tenant_context(UUID(named["tenant"])):
            return super().get(request)


urlpatterns = [
    path("api/open/<str:tenant>", _Open.as_view()),
    path("api/signed-in", _SignedIn.as_view()),
]


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """Seconds (p50) of the same request: with an access token, with an API key, and by nobody."""

    by_token: float
    by_key: float
    by_nobody: float


def measure(*, repeats: int) -> SignedIn:
    """Each of them, in turns."""
    tenant = found_tenant("bench-signed-in")
    members = [join(tenant, f"member-{number}", Role.ADMIN) for number in range(ROWS)]
    client: Any = bearer(members[0], tenant)
    with tenant_context(tenant.pk):
        key, _ = services.rotate_api_key(user_id=None, grace=timedelta(0), at=clock.now())
    token = str(client._credentials["HTTP_AUTHORIZATION"])
    with override_settings(DEBUG=False, ROOT_URLCONF=__name__, ACCOUNTS_REQUEST_LIMITS=LIMITS):
        handler = BaseHandler()
        handler.load_middleware()
        seconds = rounds.typical_times(
            {
                "token": _asking(handler, "/api/signed-in", token),
                "key": _asking(handler, "/api/signed-in", f"Bearer {key}"),
                "nobody": _asking(handler, f"/api/open/{tenant.pk}", ""),
            },
            repeats=repeats * 10,
        )
    return SignedIn(by_token=seconds["token"], by_key=seconds["key"], by_nobody=seconds["nobody"])


def _asking(handler: BaseHandler, address: str, authorization: str) -> Callable[[], HttpResponseBase]:
    headers = {"Host": "127.0.0.1"} | ({"Authorization": authorization} if authorization else {})
    factory = RequestFactory()

    def ask() -> HttpResponseBase:
        response = handler.get_response(factory.get(address, headers=headers))
        if response.status_code != 200:
            raise RuntimeError(f"{address} answered {response.status_code}")
        return response

    return ask
