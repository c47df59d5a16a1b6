"""Files for browsers. The API's own routes want a bearer token; these go by the page session."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from accounts import limits
from accounts.limits import MINUTE, Limit
from cutroom.errors import Unavailable
from cutroom.pages import require_principal
from rendering import selectors
from rendering.choices import Resolution
from rendering.downloads import preview_response, render_file
from rendering.media.errors import MediaError
from rendering.previews import preview
from rendering.thumbnails import thumbnail
from tenants.http import TenantRequest

# Typing saves itself about once in two seconds, and each save asks for one.
PREVIEWS_A_MINUTE = 60


@require_safe
def video(request: TenantRequest, render_id: UUID) -> HttpResponseBase:
    """The MP4, whole or in ranges."""
    require_principal(request)
    return render_file(request, render_id, extension="mp4")


@require_safe
def poster(request: TenantRequest, render_id: UUID) -> HttpResponseBase:
    """A still of the video."""
    require_principal(request)
    return render_file(request, render_id, extension="jpg")


@require_safe
def captions_vtt(request: TenantRequest, render_id: UUID) -> HttpResponseBase:
    """Captions for the player."""
    require_principal(request)
    return render_file(request, render_id, extension="vtt")


@require_safe
def captions_srt(request: TenantRequest, render_id: UUID) -> HttpResponseBase:
    """Captions for editors."""
    require_principal(request)
    return render_file(request, render_id, extension="srt")


@require_safe
def scene_preview(request: TenantRequest, slug: str, scene_id: UUID) -> HttpResponseBase:
    """A frame of a scene as the video will have it, in 720p. Raises RateLimited."""
    user_id = require_principal(request).user_id
    limits.check([Limit(key=f"preview:user:{user_id.hex}", count=PREVIEWS_A_MINUTE, seconds=MINUTE)])
    project = selectors.project_by_slug(slug)
    found = preview(
        project=project, scene=selectors.scene_of(project, scene_id), resolution=Resolution.HD, fps=24
    )
    return preview_response(request, found)


@require_safe
def scene_picture(request: TenantRequest, slug: str, scene_id: UUID) -> HttpResponse:
    """A small picture of a scene. Its address carries the version, so browsers keep it."""
    require_principal(request)
    project = selectors.project_by_slug(slug)
    scene = selectors.scene_of(project, scene_id)
    try:
        picture = thumbnail(scene, project=project)
    except MediaError as error:
        raise Unavailable(error.detail) from error
    response = HttpResponse(picture, content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
