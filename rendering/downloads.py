"""Files of renders and previews as HTTP answers, for the API and the pages alike."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import parse_etags
from django.utils.text import slugify

from cutroom.errors import Unavailable
from rendering import selectors
from rendering.errors import VideoNotReady
from rendering.keys import VIDEO_FILES, video_key
from rendering.media.errors import MediaCrashed, MediaError, MediaTimeout
from rendering.models import JobState
from rendering.previews import Preview
from tenants.downloads import file_response


def preview_response(request: HttpRequest, found: Preview) -> HttpResponseBase:
    """A preview as PNG, drawn only for clients that do not have it. Raises Unavailable."""
    headers = {"ETag": found.tag, "Cache-Control": "private, no-cache"}
    if found.tag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponse(status=304, headers=headers)
    try:
        return HttpResponse(found.draw(), content_type="image/png", headers=headers)
    except MediaError as error:
        raise Unavailable(error.detail) from error
    except (MediaTimeout, MediaCrashed) as error:
        raise Unavailable("The preview was not drawn in time. Ask for it again.") from error


def render_file(request: HttpRequest, render_id: UUID, *, extension: str) -> HttpResponseBase:
    """The mp4, jpg (poster), vtt or srt of a render; `?download=1` makes browsers save it.

    Raises NotFound, and VideoNotReady before there is one.
    """
    job = selectors.render(render_id)
    if job.state != JobState.SUCCEEDED:
        raise VideoNotReady()
    is_download = request.GET.get("download", "") not in ("", "0", "false")
    name = f"{slugify(job.title) or 'video'}-{job.resolution}.{extension}" if is_download else None
    return file_response(request, video_key(job, extension), VIDEO_FILES[extension], download_name=name)
