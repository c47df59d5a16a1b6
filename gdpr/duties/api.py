"""JSON edge of requests about personal data."""

from __future__ import annotations

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import addresses, limits
from cutroom import clock
from cutroom.bodies import Body
from gdpr.duties import requests
from gdpr.duties.forms import LONGEST_TEXT
from gdpr.duties.models import PrivacyRequest, RequestKind
from tenants.http import Principal
from tenants.permissions import HasCapability
from tenants.roles import Capability


class RequestWish(Body):
    """Which right a person calls on, and what it is about."""

    kind = serializers.ChoiceField(choices=RequestKind.choices)
    text = serializers.CharField(max_length=LONGEST_TEXT, allow_blank=True, default="")


class RequestDocument(serializers.ModelSerializer):
    """One request; it is answered until `due_at`."""

    class Meta:
        model = PrivacyRequest
        fields = [
            "id",
            "kind",
            "text",
            "state",
            "received_at",
            "due_at",
            "extended_at",
            "extension_reason",
            "outcome",
            "answer",
            "closed_at",
        ]


class RequestList(serializers.Serializer):
    """The caller's latest requests."""

    results = RequestDocument(many=True)


class PrivacyRequestsAPI(APIView):
    """GET and POST /api/account/requests."""

    permission_classes = [HasCapability]
    capability = Capability.EXPORT_OWN

    @extend_schema(operation_id="account_requests", tags=["account"], responses=RequestList)
    def get(self, request: Request) -> Response:
        """The caller's requests about their data, newest first."""
        caller = cast(Principal, request.user)
        return Response({"results": RequestDocument(requests.of_person(caller.email), many=True).data})

    @extend_schema(
        operation_id="account_ask_about_data",
        tags=["account"],
        request=RequestWish,
        responses={201: RequestDocument},
    )
    def post(self, request: Request) -> Response:
        """Call on a right: it is answered within a month, or extended once with a reason."""
        body = RequestWish(data=request.data)
        body.is_valid(raise_exception=True)
        caller = cast(Principal, request.user)
        ip = addresses.client_ip(request._request)
        limits.check(limits.privacy_request(email=caller.email, ip=ip))
        made = requests.receive(email=caller.email, is_known=True, at=clock.now(), **body.validated_data)
        return Response(RequestDocument(made).data, status=201)
