"""JSON edge of /api/team: the tenant's name, its members, leaving and handing over."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors
from accounts.session_api import TenantRow, person, person_id
from cutroom.bodies import Body
from cutroom.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from cutroom.pagination import CursorPages
from cutroom.schema import PAGE_PARAMETERS, page_of, problems
from tenants import plans, team
from tenants.errors import LastAdmin
from tenants.models import Membership, Role, Tenant
from tenants.permissions import HasCapability
from tenants.roles import Capability

_TAGS = ["team"]


class TenantChanges(Body):
    """Settings of the tenant; what is left out stays."""

    name = serializers.CharField(max_length=team.LONGEST_NAME, required=False)


class RoleChange(Body):
    """The role a member gets."""

    role = serializers.ChoiceField(choices=Role.choices)


class NewOwner(Body):
    """The member who becomes admin in the caller's place."""

    member_id = serializers.UUIDField()


class MemberSerializer(serializers.Serializer):
    """A person in the tenant. `signed_in_at` is the latest sign-in that works here now."""

    id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    email = serializers.CharField(source="user.email")
    role = serializers.ChoiceField(choices=Role.choices)
    joined_at = serializers.DateTimeField(source="created_at")
    signed_in_at = serializers.DateTimeField(allow_null=True)
    is_you = serializers.SerializerMethodField()

    @extend_schema_field(bool)
    def get_is_you(self, member: Membership) -> bool:
        """Is this the caller?"""
        return bool(member.user_id == self.context["user_id"])


class MemberPages(CursorPages):
    """Whoever came first first."""

    ordering = ("created_at", "id")


class TeamAPI(APIView):
    """GET, PATCH /api/team"""

    permission_classes = [HasCapability]
    capability = {"GET": Capability.SEE_TEAM, "PATCH": Capability.MANAGE_TENANT}

    @extend_schema(operation_id="team", tags=_TAGS, responses=TenantRow)
    def get(self, request: Request) -> Response:
        """The tenant of the caller."""
        return tenant_response(Tenant.objects.get(pk=person(request).tenant_id))

    @extend_schema(
        operation_id="team_update",
        tags=_TAGS,
        request=TenantChanges,
        responses={200: TenantRow, **problems(InvalidInput, PermissionDenied)},
    )
    def patch(self, request: Request) -> Response:
        """Rename the tenant. Its slug stays, so links keep working."""
        form = TenantChanges(data=request.data)
        form.is_valid(raise_exception=True)
        if "name" in form.validated_data:
            team.rename(form.validated_data["name"])
        return tenant_response(Tenant.objects.get(pk=person(request).tenant_id))


class MembersAPI(APIView):
    """GET /api/team/members"""

    permission_classes = [HasCapability]
    capability = Capability.SEE_TEAM

    @extend_schema(
        operation_id="team_members",
        tags=_TAGS,
        parameters=PAGE_PARAMETERS,
        responses={200: page_of(MemberSerializer), **problems(InvalidInput)},
    )
    def get(self, request: Request) -> Response:
        """The members of the tenant."""
        pages = MemberPages()
        rows = pages.paginate_queryset(selectors.members(), request) or []
        return pages.get_paginated_response([member_document(request, row) for row in rows])


class MemberAPI(APIView):
    """GET, PATCH, DELETE /api/team/members/{member_id}"""

    permission_classes = [HasCapability]
    capability = {
        "GET": Capability.SEE_TEAM,
        "PATCH": Capability.MANAGE_MEMBERS,
        "DELETE": Capability.MANAGE_MEMBERS,
    }

    @extend_schema(
        operation_id="team_member", tags=_TAGS, responses={200: MemberSerializer, **problems(NotFound)}
    )
    def get(self, request: Request, member_id: UUID) -> Response:
        """One member."""
        return Response(member_document(request, _member(member_id)))

    @extend_schema(
        operation_id="team_change_role",
        tags=_TAGS,
        request=RoleChange,
        responses={200: MemberSerializer, **problems(InvalidInput, PermissionDenied, NotFound, LastAdmin)},
    )
    def patch(self, request: Request, member_id: UUID) -> Response:
        """Give a member another role; it holds on their very next request."""
        team.member(member_id)
        form = RoleChange(data=request.data)
        form.is_valid(raise_exception=True)
        team.change_role(member_id=member_id, role=Role(form.validated_data["role"]))
        return Response(member_document(request, _member(member_id)))

    @extend_schema(
        operation_id="team_remove_member",
        tags=_TAGS,
        responses={204: None, **problems(PermissionDenied, NotFound, LastAdmin)},
    )
    def delete(self, request: Request, member_id: UUID) -> Response:
        """Remove a member at once. What they made stays with the tenant."""
        team.remove(member_id=member_id)
        return Response(status=204)


class LeaveAPI(APIView):
    """POST /api/team/leave"""

    permission_classes = [HasCapability]
    capability = Capability.LEAVE_TEAM

    @extend_schema(
        operation_id="team_leave", tags=_TAGS, request=None, responses={204: None, **problems(LastAdmin)}
    )
    def post(self, request: Request) -> Response:
        """Leave the tenant. Its access token is refused from then on; switch to another tenant."""
        team.leave(user_id=person_id(request))
        return Response(status=204)


class TransferAPI(APIView):
    """POST /api/team/transfer"""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_MEMBERS

    @extend_schema(
        operation_id="team_transfer",
        tags=_TAGS,
        request=NewOwner,
        responses={
            200: MemberSerializer,
            **problems(InvalidInput, PermissionDenied, NotFound, Conflict, LastAdmin),
        },
    )
    def post(self, request: Request) -> Response:
        """Hand over: another member becomes admin and the caller a creator, in one step."""
        form = NewOwner(data=request.data)
        form.is_valid(raise_exception=True)
        taker = team.hand_over(user_id=person_id(request), member_id=form.validated_data["member_id"])
        return Response(member_document(request, _member(taker.pk)))


def tenant_response(tenant: Tenant) -> Response:
    """A tenant with its plan."""
    body = {"id": tenant.pk, "slug": tenant.slug, "name": tenant.name, "plan": plans.plan_name(tenant.pk)}
    return Response(TenantRow(body).data)


def member_document(request: Request, member: Membership) -> dict[str, Any]:
    """A member as JSON, seen by the caller."""
    return dict(MemberSerializer(member, context={"user_id": person(request).user_id}).data)


def _member(member_id: UUID) -> Membership:
    found = selectors.members().filter(pk=member_id).first()
    if found is None:
        raise NotFound()
    return found
