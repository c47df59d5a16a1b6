"""JSON edge of the second factor: POST /api/auth/second-factor."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import Tokens, token_response
from accounts.askers import asker_of
from accounts.errors import ChallengeOver, SecondFactorRefused
from accounts.second_factor import services
from accounts.second_factor.proofs import Proof
from cutroom import clock
from cutroom.bodies import Body
from cutroom.errors import InvalidInput, RateLimited
from cutroom.schema import problems


class SecondFactorRequest(Body):
    """The challenge of `second-factor-required`, with one answer to it."""

    challenge = serializers.CharField(max_length=64)
    code = serializers.CharField(
        required=False, max_length=30, help_text="Six digits of the authenticator app, or a recovery code."
    )
    passkey = serializers.DictField(
        required=False, help_text="PublicKeyCredential.toJSON() of navigator.credentials.get()."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one answer."""
        if bool(attrs.get("code")) == bool(attrs.get("passkey")):
            raise serializers.ValidationError("Send `code` or `passkey`.")
        return attrs


class SecondFactorAPI(APIView):
    """POST /api/auth/second-factor."""

    authentication_classes: list[type] = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="auth_second_factor",
        tags=["auth"],
        request=SecondFactorRequest,
        responses={
            200: Tokens,
            **problems(InvalidInput, SecondFactorRefused, ChallengeOver, RateLimited(retry_after=60)),
        },
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Answer the challenge of `second-factor-required`; the rest of signing in, with its refresh cookie.

        A challenge lives 10 minutes and takes 5 wrong answers; then begin again with a new link. A code or a
        passkey's signature counts once.
        """
        form = SecondFactorRequest(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        signed_in = services.finish_sign_in(
            token=data["challenge"],
            proof=Proof(code=data.get("code", ""), passkey=data.get("passkey", {})),
            asker=asker_of(request._request),
            at=clock.now(),
        )
        return token_response(signed_in)
