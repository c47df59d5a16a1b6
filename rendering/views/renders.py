"""The status page of a render, and what can be done with one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_POST, require_safe

from cutroom import clock
from cutroom.pages import require_principal, safe_next
from rendering import selectors, services
from rendering.forms import RenameForm
from rendering.models import RenderJob, Scene
from rendering.progress import progress_of
from rendering.publishing import services as publishing
from rendering.storyboard import picture_url
from tenants.http import TenantRequest


@require_safe
def show(request: TenantRequest, render_id: UUID) -> HttpResponse:
    """The state of a render: live while it runs, the video when it is done."""
    require_principal(request)
    return render(request, "rendering/render.html", _context(selectors.render(render_id)))


@require_safe
def progress(request: TenantRequest, render_id: UUID) -> HttpResponse:
    """The changing part of `show`, asked for every two seconds; 304 while nothing has changed."""
    require_principal(request)
    context = _context(selectors.render(render_id))
    etag = f'"{salted_hmac("progress", repr(context["progress"])).hexdigest()}"'
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None and unchanged.status_code == HTTPStatus.NOT_MODIFIED:
        return unchanged
    response = render(request, "rendering/_render.html", context)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


@require_POST
def cancel(request: TenantRequest, render_id: UUID) -> HttpResponse:
    """End a render now."""
    require_principal(request)
    services.cancel(job=selectors.render(render_id), at=clock.now())
    return redirect("rendering-pages:render", render_id)


@require_POST
def retry(request: TenantRequest, render_id: UUID) -> HttpResponse:
    """Go on with a render that failed or was cancelled."""
    require_principal(request)
    services.retry(job=selectors.render(render_id), at=clock.now())
    return redirect("rendering-pages:render", render_id)


@require_POST
def rename(request: TenantRequest, render_id: UUID) -> HttpResponse:
    """Give a video another title, and go back."""
    require_principal(request)
    form, job = RenameForm(request.POST), selectors.render(render_id)
    if form.is_valid():
        services.rename_render(job=job, title=form.cleaned_data["title"])
    else:
        messages.error(request, "A title has 1 to 200 characters. The old one was kept.")
    return redirect(safe_next(request, default="/library"))


def _context(job: RenderJob) -> dict[str, Any]:
    return {
        "job": job,
        "progress": progress_of(job, at=clock.now()),
        "still_url": _still_url(job),
        "can_publish": publishing.is_set_up(),
    }


def _still_url(job: RenderJob) -> str:
    """The picture of the first scene, to look at while the film is being made."""
    if job.project is None:
        return ""
    scene = Scene.objects.filter(project=job.project).order_by("position").first()
    return picture_url(job.project, scene) if scene else ""
