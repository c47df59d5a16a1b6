"""/api/v1/renders/{render_id}/video and the files beside it: whole or in ranges, with ETag."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from cutroom.errors import NotFound
from cutroom.negotiation import OneForm
from cutroom.schema import file_responses, problems
from rendering.downloads import render_file
from rendering.errors import VideoNotReady
from tenants.roles import Capability

_TAGS = ["renders"]
_DOWNLOAD = OpenApiParameter("download", bool, description="1 makes browsers save the file.")


class RenderVideoAPI(APIView):
    """GET /api/v1/renders/{render_id}/video"""

    capability = Capability.MAKE_VIDEOS

    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="renders_video",
        tags=_TAGS,
        parameters=[_DOWNLOAD],
        responses={
            **file_responses("video/mp4", description="H.264 and AAC"),
            **problems(NotFound, VideoNotReady),
        },
    )
    def get(self, request: Request, render_id: UUID) -> HttpResponseBase:
        """The finished video."""
        return render_file(request._request, render_id, extension="mp4")


class RenderPosterAPI(APIView):
    """GET /api/v1/renders/{render_id}/poster"""

    capability = Capability.MAKE_VIDEOS

    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="renders_poster",
        tags=_TAGS,
        parameters=[_DOWNLOAD],
        responses={
            **file_responses("image/jpeg", description="A frame of the video"),
            **problems(NotFound, VideoNotReady),
        },
    )
    def get(self, request: Request, render_id: UUID) -> HttpResponseBase:
        """A still of the finished video."""
        return render_file(request._request, render_id, extension="jpg")


class RenderCaptionsVttAPI(APIView):
    """GET /api/v1/renders/{render_id}/captions.vtt"""

    capability = Capability.MAKE_VIDEOS

    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="renders_captions_vtt",
        tags=_TAGS,
        parameters=[_DOWNLOAD],
        responses={
            **file_responses("text/vtt", description="WebVTT captions"),
            **problems(NotFound, VideoNotReady),
        },
    )
    def get(self, request: Request, render_id: UUID) -> HttpResponseBase:
        """Captions for browsers."""
        return render_file(request._request, render_id, extension="vtt")


class RenderCaptionsSrtAPI(APIView):
    """GET /api/v1/renders/{render_id}/captions.srt"""

    capability = Capability.MAKE_VIDEOS

    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="renders_captions_srt",
        tags=_TAGS,
        parameters=[_DOWNLOAD],
        responses={
            **file_responses("application/x-subrip", description="SubRip captions"),
            **problems(NotFound, VideoNotReady),
        },
    )
    def get(self, request: Request, render_id: UUID) -> HttpResponseBase:
        """Captions for editors and players."""
        return render_file(request._request, render_id, extension="srt")
