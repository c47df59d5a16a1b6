"""The voice of a scene, to be heard: a page that waits for it, and the sound itself."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from cutroom.errors import NotFound
from cutroom.pages import require_principal
from rendering import selectors
from rendering.voice_samples import sample_of
from tenants.downloads import file_response
from tenants.http import TenantRequest

_LOOK_AGAIN_SECONDS = 1


@require_safe
def show(request: TenantRequest, slug: str, scene_id: UUID) -> HttpResponse:
    """The sample with a player, or that it is being spoken. Only the editor's button asks for it."""
    require_principal(request)
    project = selectors.project_by_slug(slug)
    scene = selectors.scene_of(project, scene_id)
    back = f"{reverse('rendering-pages:project', args=[slug])}?scene={scene.position}"
    sample = sample_of(scene)
    context = {"project": project, "scene": scene, "sample": sample, "back": back}
    response = render(request, "rendering/voice.html", context)
    if sample.is_waited_for:
        # Works in every browser, without any script.
        response["Refresh"] = str(_LOOK_AGAIN_SECONDS)
    return response


@require_safe
def sound(request: TenantRequest, slug: str, scene_id: UUID) -> HttpResponseBase:
    """The sound of the sample, whole or in ranges. Raises NotFound before it was spoken."""
    require_principal(request)
    sample = sample_of(selectors.scene_of(selectors.project_by_slug(slug), scene_id))
    if not sample.storage_key:
        raise NotFound()
    return file_response(request, sample.storage_key, "audio/flac")
