"""JSON edge of leaked API keys: scanners of public code report them here."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import leaks
from accounts.errors import BadCredentials
from cutroom import clock
from cutroom.errors import InvalidInput, Unreadable
from cutroom.schema import problems

MOST_TOKENS = 100
KEY_ID, SIGNATURE = "Github-Public-Key-Identifier", "Github-Public-Key-Signature"


_LABELS = ["true_positive", "false_positive"]


class LeakReport(serializers.Serializer):
    """One string found in public. Reporters send more members than these; they are not read."""

    token = serializers.CharField(max_length=200)


class LeakVerdict(serializers.Serializer):
    """Whether it was a key of ours; if so it no longer works."""

    token_raw = serializers.CharField()
    token_type = serializers.CharField()
    # A declared field leaves the class, so Field.label stays what it is.
    label = serializers.ChoiceField(choices=_LABELS)  # type: ignore[assignment]  # see above


class LeakedKeysAPI(APIView):
    """POST /api/auth/leaked-keys."""

    authentication_classes: list[type] = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="auth_report_leaked_keys",
        tags=["auth"],
        parameters=[
            OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True)
            for name in (KEY_ID, SIGNATURE)
        ],
        request=LeakReport(many=True),
        responses={200: LeakVerdict(many=True), **problems(InvalidInput, Unreadable, BadCredentials)},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Revoke keys that were found in public. Signed as GitHub's secret scanning does; 100 at most."""
        # Judged by the bytes that were signed, before anything reads them.
        body = request._request.body
        leaks.verify_report(
            body, key_id=request.headers.get(KEY_ID, ""), signature=request.headers.get(SIGNATURE, "")
        )
        more: dict[str, Any] = {"many": True, "max_length": MOST_TOKENS}
        form = LeakReport(data=_list_in(body), **more)
        form.is_valid(raise_exception=True)
        rows: list[Any] = form.validated_data
        found = leaks.revoke([row["token"] for row in rows], at=clock.now())
        label = {True: "true_positive", False: "false_positive"}
        verdicts = [
            {"token_raw": one.token, "token_type": "cutroom_api_key", "label": label[one.is_ours]}
            for one in found
        ]
        return Response(verdicts)


def _list_in(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable() from None
