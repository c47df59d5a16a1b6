"""The files of a finished render as HTTP answers, for the API and the pages alike."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.utils.text import slugify

from rendering import selectors
from rendering.errors import VideoNotReady
from rendering.keys import VIDEO_FILES, video_key
from rendering.models import JobState
from tenants.downloads import file_response


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
