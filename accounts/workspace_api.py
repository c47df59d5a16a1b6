"""JSON edge of /api/auth: the tenants of a person, and switching between them."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import access_tokens, people, workspaces
from accounts.api import Tokens, access_document
from accounts.errors import NoWorkspace
from accounts.people import Person
from cutroom import clock
from cutroom.bodies import Body
from cutroom.errors import InvalidInput
from cutroom.schema import page_of, problems
from tenants.errors import TenantSuspended
from tenants.models import Role, TenantState

_TAGS = ["auth"]


class WorkspaceSerializer(serializers.Serializer):
    """A tenant the caller belongs to, and their role in it. Only an active one can be worked in."""

    id = serializers.UUIDField(source="tenant_id")
    slug = serializers.CharField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=TenantState.choices)
    role = serializers.ChoiceField(choices=Role.choices)


class SwitchRequest(Body):
    """The tenant to work in, by slug or id."""

    tenant = serializers.CharField(max_length=63)


class WorkspacesAPI(APIView):
    """GET /api/auth/tenants"""

    authentication_classes = [people.PersonAuthentication]
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="auth_tenants",
        tags=_TAGS,
        responses=page_of(WorkspaceSerializer),
        auth=people.SECURITY,
    )
    def get(self, request: Request) -> Response:
        """Every tenant of the caller, oldest first; also with a token whose own tenant is closed to them."""
        rows = WorkspaceSerializer(workspaces.of(people.of_request(request).user_id), many=True).data
        return Response({"results": rows, "next": None, "previous": None})


class SwitchAPI(APIView):
    """POST /api/auth/switch-tenant"""

    authentication_classes = [people.PersonAuthentication]
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="auth_switch_tenant",
        tags=_TAGS,
        request=SwitchRequest,
        responses={200: Tokens, **problems(InvalidInput, NoWorkspace, TenantSuspended)},
        auth=people.SECURITY,
    )
    def post(self, request: Request) -> Response:
        """A new access token for another tenant; refreshes continue in it. Older tokens keep their tenant."""
        person = people.of_request(request)
        form = SwitchRequest(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = form.validated_data["tenant"]
        mine = workspaces.of(person.user_id)
        found = next((each for each in mine if wanted in (each.slug, str(each.tenant_id))), None)
        if found is None:
            raise NoWorkspace()
        return switched_response(person, tenant_id=found.tenant_id)


def switched_response(person: Person, *, tenant_id: UUID) -> Response:
    """Switch the caller's session and answer with an access token for it. Raises as `workspaces.switch`."""
    workspaces.switch(user_id=person.user_id, session_id=person.session_id, tenant_id=tenant_id)
    token = access_tokens.issue(
        user_id=person.user_id, session_id=person.session_id, tenant_id=tenant_id, at=clock.now()
    )
    return Response(access_document(token), headers={"Cache-Control": "no-store"})
