"""/api/v1/renders and …/render/stitch: asking for videos and following them."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom import clock
from cutroom.conditional import conditional_response, weak_etag
from cutroom.errors import InvalidInput, NotFound
from cutroom.pagination import CursorPages
from cutroom.schema import PAGE_PARAMETERS, page_of, problems
from rendering import selectors, services
from rendering.api.fields import Choice
from rendering.api.render_document import RenderSerializer, RenderSummary, render_document
from rendering.errors import NotRetryable, RenderFinished, RenderRunning
from rendering.models import JobState, RenderJob
from tenants.roles import Capability

_RETRY_AFTER_SECONDS = "2"
_TAGS = ["renders"]
# Time passes without anything having happened.
_RESTLESS = frozenset({"seconds_left"})


class RenderFilter(serializers.Serializer):
    """Which renders to list."""

    state = Choice(JobState.choices, required=False)
    project = serializers.SlugField(required=False)


def render_response(request: Request, job: RenderJob, *, status: int = 200) -> Response:
    """A render with its steps; says when to ask again while it runs."""
    document = render_document(job, at=clock.now())
    if status == 200:
        etag = weak_etag(document, without=_RESTLESS)
        response = conditional_response(request, document, etag=etag)
    else:
        response = Response(document, status=status, headers={"Location": document["status_url"]})
    if not job.is_final:
        response["Retry-After"] = _RETRY_AFTER_SECONDS
    return response


class RendersAPI(APIView):
    """GET /api/v1/renders"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="renders_list",
        tags=_TAGS,
        parameters=[RenderFilter, *PAGE_PARAMETERS],
        responses={200: page_of(RenderSummary), **problems(InvalidInput)},
    )
    def get(self, request: Request) -> Response:
        """Your renders, newest first, without their steps."""
        form = RenderFilter(data=request.query_params)
        form.is_valid(raise_exception=True)
        names = {"state": "state", "project": "project__slug"}
        wanted = {names[name]: value for name, value in form.validated_data.items()}
        pages = CursorPages()
        rows = pages.paginate_queryset(selectors.renders().filter(**wanted), request)
        context = {"at": clock.now()}
        return pages.get_paginated_response(RenderSummary(rows, many=True, context=context).data)


class RenderAPI(APIView):
    """GET, DELETE /api/v1/renders/{render_id}"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="renders_get", tags=_TAGS, responses={200: RenderSerializer, **problems(NotFound)}
    )
    def get(self, request: Request, render_id: UUID) -> Response:
        """One render with its steps. Ask again after Retry-After; an unchanged one is 304 with its ETag."""
        return render_response(request, selectors.render(render_id))

    @extend_schema(
        operation_id="renders_delete", tags=_TAGS, responses={204: None, **problems(NotFound, RenderRunning)}
    )
    def delete(self, request: Request, render_id: UUID) -> Response:
        """Remove a render that has ended, with its video."""
        services.delete_render(job=selectors.render(render_id), at=clock.now())
        return Response(status=204)


class RenderCancelAPI(APIView):
    """POST /api/v1/renders/{render_id}/cancel"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="renders_cancel",
        tags=_TAGS,
        request=None,
        responses={202: RenderSerializer, **problems(NotFound, RenderFinished)},
    )
    def post(self, request: Request, render_id: UUID) -> Response:
        """End a render now; it costs nothing. Doing it again changes nothing."""
        job = services.cancel(job=selectors.render(render_id), at=clock.now())
        return render_response(request, job, status=202)


class RenderRetryAPI(APIView):
    """POST /api/v1/renders/{render_id}/retry"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="renders_retry",
        tags=_TAGS,
        request=None,
        responses={202: RenderSerializer, **problems(NotFound, NotRetryable)},
    )
    def post(self, request: Request, render_id: UUID) -> Response:
        """Go on with a failed or cancelled render; what was made already is kept."""
        job = services.retry(job=selectors.render(render_id), at=clock.now())
        return render_response(request, job, status=202)
