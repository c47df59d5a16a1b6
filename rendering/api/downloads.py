"""/api/v1/renders/{render_id}/video and the files beside it: whole or in ranges, with ETag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.views import APIView

from cutroom.errors import NotFound
from cutroom.negotiation import OneForm
from cutroom.schema import file_responses, problems
from rendering.downloads import render_file
from rendering.errors import VideoNotReady
from tenants.roles import Capability

_DOWNLOAD = OpenApiParameter("download", bool, description="1 makes browsers save the file.")


class _RenderFileAPI(APIView):
    """One file of a finished render."""

    capability = Capability.USE_PRODUCT
    content_negotiation_class = OneForm
    extension: ClassVar[str]

    def get(self, request: Request, render_id: UUID) -> HttpResponseBase:
        """The file, or the part of it that was asked for."""
        return render_file(request._request, render_id, extension=self.extension)


def _documented(name: str, *, says: str, content_type: str, holds: str) -> Callable[[Any], Any]:
    get = extend_schema(
        operation_id=f"renders_{name}",
        tags=["renders"],
        parameters=[_DOWNLOAD],
        description=says,
        responses={**file_responses(content_type, description=holds), **problems(NotFound, VideoNotReady)},
    )
    return extend_schema_view(get=get)


@_documented("video", says="The finished video.", content_type="video/mp4", holds="H.264 and AAC")
class RenderVideoAPI(_RenderFileAPI):
    """GET /api/v1/renders/{render_id}/video"""

    extension = "mp4"


@_documented(
    "poster",
    says="A still of the finished video.",
    content_type="image/jpeg",
    holds="A frame of the video",
)
class RenderPosterAPI(_RenderFileAPI):
    """GET /api/v1/renders/{render_id}/poster"""

    extension = "jpg"


@_documented("captions_vtt", says="Captions for browsers.", content_type="text/vtt", holds="WebVTT captions")
class RenderCaptionsVttAPI(_RenderFileAPI):
    """GET /api/v1/renders/{render_id}/captions.vtt"""

    extension = "vtt"


@_documented(
    "captions_srt",
    says="Captions for editors and players.",
    content_type="application/x-subrip",
    holds="SubRip captions",
)
class RenderCaptionsSrtAPI(_RenderFileAPI):
    """GET /api/v1/renders/{render_id}/captions.srt"""

    extension = "srt"
