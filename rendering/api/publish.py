"""/api/v1/renders/{id}/publish/youtube: a finished video to the workspace's channel."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom import clock
from cutroom.bodies import Body
from cutroom.errors import InvalidInput, NotFound
from cutroom.schema import problems
from metering.errors import PlanRequired
from rendering import selectors
from rendering.api.fields import Choice, link
from rendering.errors import AlreadyPublished, NoChannel, PublishingNotSetUp, VideoNotReady
from rendering.publishing import services
from rendering.publishing.models import Privacy, PublicationState
from rendering.publishing.services import MOST_DESCRIPTION, MOST_TITLE
from tenants.http import Principal
from tenants.roles import Capability

_RETRY_AFTER_SECONDS = "5"
_TAGS = ["renders"]
_NEEDS_PRO = PlanRequired(feature="publish", plan="pro")


class PublishForm(Body):
    """How the video appears. Without a title it has the render's."""

    title = serializers.CharField(max_length=MOST_TITLE, required=False, allow_blank=True, default="")
    description = serializers.CharField(
        max_length=MOST_DESCRIPTION, required=False, allow_blank=True, default=""
    )
    privacy = Choice(Privacy.choices, default=Privacy.PRIVATE)


class PublicationSerializer(serializers.Serializer):
    """How a publication stands. `note` says what YouTube changed, `error` why it waits or failed."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=PublicationState.choices)
    title = serializers.CharField()
    description = serializers.CharField()
    privacy = serializers.ChoiceField(choices=Privacy.choices)
    progress = serializers.IntegerField(source="percent")
    video_url = serializers.CharField()
    note = serializers.CharField()
    error = serializers.CharField()
    error_code = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class PublishYouTubeAPI(APIView):
    """GET, POST /api/v1/renders/{id}/publish/youtube"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="renders_publication",
        tags=_TAGS,
        responses={200: PublicationSerializer, **problems(NotFound)},
    )
    def get(self, request: Request, render_id: UUID) -> Response:
        """How the newest publication of a video stands."""
        publication = selectors.publication_of(selectors.render(render_id))
        if publication is None:
            raise NotFound("This video has not been published.")
        headers = {} if publication.is_final else {"Retry-After": _RETRY_AFTER_SECONDS}
        return Response(PublicationSerializer(publication).data, headers=headers)

    @extend_schema(
        operation_id="renders_publish_youtube",
        tags=_TAGS,
        request=PublishForm,
        responses={
            202: PublicationSerializer,
            **problems(
                InvalidInput,
                _NEEDS_PRO,
                NotFound,
                VideoNotReady,
                PublishingNotSetUp,
                NoChannel,
                AlreadyPublished,
            ),
        },
        examples=[
            OpenApiExample(
                "Unlisted", value={"title": "How a tide mill works", "privacy": "unlisted"}, request_only=True
            )
        ],
    )
    def post(self, request: Request, render_id: UUID) -> Response:
        """Upload a finished video to the workspace's YouTube channel."""
        job = selectors.render(render_id)
        form = PublishForm(data=request.data)
        form.is_valid(raise_exception=True)
        publication = services.publish(
            job=job, user_id=cast(Principal, request.user).user_id, at=clock.now(), **form.validated_data
        )
        headers = {"Location": link("publish-youtube", job.pk), "Retry-After": _RETRY_AFTER_SECONDS}
        return Response(PublicationSerializer(publication).data, status=202, headers=headers)
