"""JSON edge of /api/team/invites: inviting, sending again, taking back, accepting."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import invitations, people
from accounts.api import Tokens
from accounts.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationExpired,
    InvitationForAnother,
    InvitationInvalid,
    InvitationRevoked,
    InvitationUsed,
)
from accounts.models import Invitation, User
from accounts.session_api import person_id
from accounts.workspace_api import switched_response
from cutroom import clock, sealing
from cutroom.bodies import Body
from cutroom.errors import InvalidInput, NotFound, PermissionDenied, RateLimited
from cutroom.pagination import CursorPages
from cutroom.schema import PAGE_PARAMETERS, page_of, problems
from tenants.models import Role
from tenants.permissions import HasCapability
from tenants.roles import Capability

_TAGS = ["team"]
_STATES = ["pending", "expired"]
_BUSY = RateLimited(retry_after=60)


class NewInvite(Body):
    """Whom to invite, and as what."""

    email = serializers.CharField(max_length=254)
    role = serializers.ChoiceField(choices=Role.choices, default=Role.CREATOR)


class InviteToken(Body):
    """The token of the link in the mail."""

    token = serializers.CharField(max_length=200)


class InviteSerializer(serializers.Serializer):
    """An open invitation. One that has expired can be sent again."""

    id = serializers.UUIDField()
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    state = serializers.SerializerMethodField()
    invited_by = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()

    @extend_schema_field(serializers.ChoiceField(choices=_STATES))
    def get_state(self, invitation: Invitation) -> str:
        """May it still be accepted?"""
        return _STATES[invitation.has_expired(clock.now())]


class InvitesAPI(APIView):
    """GET, POST /api/team/invites"""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_MEMBERS

    @extend_schema(
        operation_id="team_invites",
        tags=_TAGS,
        parameters=PAGE_PARAMETERS,
        responses={200: page_of(InviteSerializer), **problems(InvalidInput, PermissionDenied)},
    )
    def get(self, request: Request) -> Response:
        """The invitations that nobody has accepted or taken back, newest first."""
        pages = CursorPages()
        rows = pages.paginate_queryset(invitations.waiting(), request)
        return pages.get_paginated_response(InviteSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="team_invite",
        tags=_TAGS,
        request=NewInvite,
        responses={
            201: InviteSerializer,
            **problems(InvalidInput, PermissionDenied, AlreadyMember, AlreadyInvited, _BUSY),
        },
    )
    def post(self, request: Request) -> Response:
        """Invite an address by mail: for one use, within seven days, and by that address only."""
        form = NewInvite(data=request.data)
        form.is_valid(raise_exception=True)
        [invitation] = invitations.invite(
            emails=[form.validated_data["email"]],
            role=Role(form.validated_data["role"]),
            inviter_id=person_id(request),
            at=clock.now(),
        )
        return Response(InviteSerializer(invitation).data, status=201)


class InviteAPI(APIView):
    """GET, DELETE /api/team/invites/{invite_id}"""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_MEMBERS

    @extend_schema(
        operation_id="team_invite_get", tags=_TAGS, responses={200: InviteSerializer, **problems(NotFound)}
    )
    def get(self, request: Request, invite_id: UUID) -> Response:
        """One open invitation."""
        return Response(InviteSerializer(invitations.one(invite_id)).data)

    @extend_schema(
        operation_id="team_revoke_invite",
        tags=_TAGS,
        responses={204: None, **problems(PermissionDenied, NotFound)},
    )
    def delete(self, request: Request, invite_id: UUID) -> Response:
        """Take an invitation back; its link is dead at once."""
        invitations.revoke(invitation_id=invite_id, at=clock.now())
        return Response(status=204)


class ResendInviteAPI(APIView):
    """POST /api/team/invites/{invite_id}/resend"""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_MEMBERS

    @extend_schema(
        operation_id="team_resend_invite",
        tags=_TAGS,
        request=None,
        responses={200: InviteSerializer, **problems(PermissionDenied, NotFound, _BUSY)},
    )
    def post(self, request: Request, invite_id: UUID) -> Response:
        """Mail it again with a new link and seven new days; the old link is dead."""
        invitation = invitations.resend(
            invitation_id=invite_id, inviter_id=person_id(request), at=clock.now()
        )
        return Response(InviteSerializer(invitation).data)


class AcceptInviteAPI(APIView):
    """POST /api/team/invites/accept"""

    authentication_classes = [people.PersonAuthentication]
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="team_accept_invite",
        tags=_TAGS,
        request=InviteToken,
        responses={
            200: Tokens,
            **problems(
                InvitationInvalid,
                InvitationExpired,
                InvitationUsed,
                InvitationRevoked,
                InvitationForAnother,
            ),
        },
        auth=people.SECURITY,
    )
    def post(self, request: Request) -> Response:
        """Join the tenant, signed in with the invited address; the answer's token works in it."""
        person = people.of_request(request)
        form = InviteToken(data=request.data)
        form.is_valid(raise_exception=True)
        offer = invitations.accept(
            token_hash=sealing.digest(form.validated_data["token"]),
            user=User.objects.get(pk=person.user_id),
            at=clock.now(),
        )
        return switched_response(person, tenant_id=offer.tenant_id)
