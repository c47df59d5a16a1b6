"""/api/v1/projects/{slug}/render: ask for a video, or for its price."""

from __future__ import annotations

from typing import cast

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom import clock
from cutroom.bodies import Body
from cutroom.errors import InvalidInput, NotFound
from cutroom.problems import problem_body
from cutroom.schema import Problem, problems
from metering.errors import PlanRequired, QuotaExceeded
from metering.meters import Meter
from rendering import conf, selectors, services
from rendering.api.fields import Choice, link
from rendering.api.render_document import EstimateSerializer
from rendering.choices import Quality, Resolution
from rendering.errors import NothingToRender
from rendering.models import JobState, RenderJob
from tenants.http import Principal
from tenants.roles import Capability

_RETRY_AFTER_SECONDS = "2"
_TAGS = ["renders"]
_FULL = QuotaExceeded(
    meter=Meter.RENDER, used=28_500_000, held=0, limit=30_000_000, requested=1_800_000, resets_at=None
)
_NEEDS_PRO = PlanRequired(feature="4k", plan="pro")
_FORM_EXAMPLE = OpenApiExample("Full HD", value={"resolution": "1080p", "fps": 24}, request_only=True)


class RenderForm(Body):
    """How large and how smooth."""

    resolution = Choice(Resolution.choices, default=Resolution.FULL_HD)
    fps = Choice(conf.FPS_CHOICES, default=30)
    quality = Choice(
        Quality.choices,
        default=Quality.FINAL,
        help_text="A draft is 360 lines at 15 frames a second, quick, and costs no render minutes",
    )


class RenderAccepted(serializers.Serializer):
    """A render that will happen; follow it at `status_url` or `events_url`."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=JobState.choices)
    status_url = serializers.CharField()
    events_url = serializers.CharField()
    estimate = EstimateSerializer()


class QuoteSerializer(serializers.Serializer):
    """What a render would cost, and the problem it would be refused with now, null if it would not."""

    estimate = EstimateSerializer()
    admitted = serializers.BooleanField()
    refusal = Problem(allow_null=True)


class StitchAPI(APIView):
    """POST /api/v1/projects/{slug}/render/stitch"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="projects_render_stitch",
        tags=_TAGS,
        request=RenderForm,
        responses={
            202: RenderAccepted,
            **problems(InvalidInput, _FULL, _NEEDS_PRO, NotFound, NothingToRender),
        },
        examples=[_FORM_EXAMPLE],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask for a video of the project as it is now. Later edits do not reach it."""
        project = selectors.project_by_slug(slug)
        form = RenderForm(data=request.data)
        form.is_valid(raise_exception=True)
        principal = cast(Principal, request.user)
        job = services.submit(
            project=project, user_id=principal.user_id, at=clock.now(), **form.validated_data
        )
        document = _accepted(job)
        headers = {"Location": link("render", job.pk), "Retry-After": _RETRY_AFTER_SECONDS}
        return Response(document, status=202, headers=headers)


class QuoteAPI(APIView):
    """POST /api/v1/projects/{slug}/render/quote"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="projects_render_quote",
        tags=_TAGS,
        request=RenderForm,
        responses={200: QuoteSerializer, **problems(InvalidInput, NotFound, NothingToRender)},
        examples=[_FORM_EXAMPLE],
    )
    def post(self, request: Request, slug: str) -> Response:
        """What a render would cost and whether it would be accepted. Holds nothing."""
        project = selectors.project_by_slug(slug)
        form = RenderForm(data=request.data)
        form.is_valid(raise_exception=True)
        quote = services.quote(project=project, at=clock.now(), **form.validated_data)
        request_id = getattr(request, "request_id", "")
        refusal = problem_body(quote.refusal, request_id=request_id) if quote.refusal else None
        document = {
            "estimate": quote.estimate.to_json(),
            "admitted": quote.is_admitted,
            "refusal": refusal,
        }
        return Response(document)


def _accepted(job: RenderJob) -> dict[str, object]:
    return {
        "id": job.pk,
        "state": job.state,
        "status_url": link("render", job.pk),
        "events_url": link("render-events", job.pk),
        "estimate": EstimateSerializer(job.estimate).data,
    }
