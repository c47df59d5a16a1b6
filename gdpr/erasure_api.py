"""JSON edge of erasure: ask for it, take it back."""

from __future__ import annotations

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import recent_sign_in
from cutroom import clock
from cutroom.bodies import Body
from cutroom.errors import NotFound, PermissionDenied
from cutroom.schema import problems
from gdpr.erasure import asking
from gdpr.erasure.asking import Asked
from tenants.http import Principal
from tenants.permissions import HasCapability, refusal
from tenants.roles import Capability

TENANT, PERSON = "tenant", "person"


class DeletionWish(Body):
    """What to delete, confirmed by typing the workspace's slug. An admin's wish is for the workspace."""

    confirm = serializers.CharField()
    immediately = serializers.BooleanField(default=False)
    scope = serializers.ChoiceField(choices=[TENANT, PERSON], required=False)


class UndoWish(Body):
    """The token of the link in the mail."""

    token = serializers.CharField()


class Deletion(serializers.Serializer):
    """An erasure that waits; `undo_url` is empty when it was wished immediately."""

    state = serializers.CharField()
    purge_after = serializers.DateTimeField()
    undo_url = serializers.CharField()


class AccountAPI(APIView):
    """DELETE /api/account."""

    permission_classes = [HasCapability]
    # Everybody may delete themselves; who may delete the workspace is asked when that is wished.
    capability = Capability.LEAVE_TEAM

    @extend_schema(
        operation_id="account_delete", tags=["account"], request=DeletionWish, responses={202: Deletion}
    )
    def delete(self, request: Request) -> Response:
        """Freeze the workspace, or the person, at once, and erase it after 14 days or immediately."""
        body = DeletionWish(data=request.data)
        body.is_valid(raise_exception=True)
        asked = ask(cast(Principal, request.user), **body.validated_data)
        return Response(Deletion(as_row(asked)).data, status=202)


class UndoDeleteAPI(APIView):
    """POST /api/account/undo-delete."""

    authentication_classes: list[type] = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="account_undo_delete",
        tags=["account"],
        request=UndoWish,
        responses={200: Deletion, **problems(NotFound)},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Take a deletion back, by the token of the mailed link."""
        body = UndoWish(data=request.data)
        body.is_valid(raise_exception=True)
        erasure = asking.undo(body.validated_data["token"], at=clock.now())
        return Response(Deletion(as_row(Asked(erasure=erasure, undo_url=""))).data)


def ask(caller: Principal, *, confirm: str, immediately: bool = False, scope: str = "") -> Asked:
    """Ask for the erasure of the caller's workspace or of the caller. Raises as `asking` does."""
    recent_sign_in.require(caller)
    wanted = scope or (TENANT if caller.may(Capability.DELETE_TENANT) else PERSON)
    if wanted == TENANT:
        if not caller.may(Capability.DELETE_TENANT):
            raise PermissionDenied(refusal(caller, Capability.DELETE_TENANT))
        return asking.ask_for_tenant(
            confirm=confirm, tenant_id=caller.tenant_id, is_immediate=immediately, at=clock.now()
        )
    if caller.user_id is None:
        raise PermissionDenied(refusal(caller, Capability.LEAVE_TEAM))
    return asking.ask_for_person(
        confirm=confirm,
        slug=caller.tenant_slug,
        user_id=caller.user_id,
        is_immediate=immediately,
        at=clock.now(),
    )


def as_row(asked: Asked) -> dict[str, object]:
    """The contract's three values."""
    erasure = asked.erasure
    return {"state": erasure.state, "purge_after": erasure.purge_after, "undo_url": asked.undo_url}
