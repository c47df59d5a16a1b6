"""The library page, and deleting from it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from cutroom import clock
from cutroom.pages import require_principal
from metering import selectors as metering_selectors
from metering.meters import Meter
from rendering import library, selectors, services
from rendering.models import RenderJob
from tenants.http import TenantRequest


@require_safe
def show(request: TenantRequest) -> HttpResponse:
    """The videos of the tenant as a contact sheet."""
    principal = require_principal(request)
    filters = {name: request.GET.get(name, "") for name in ("q", "state", "sort")}
    shelf = library.shelf(
        words=filters["q"], state=filters["state"], sort=filters["sort"], cursor=request.GET.get("cursor", "")
    )
    usage = metering_selectors.usage(principal.tenant_id, clock.now())
    more = request.GET.copy()
    more["cursor"] = shelf.next_cursor
    context = {
        "shelf": shelf,
        "filters": filters,
        "states": {name: label for name, (label, _) in library.STATES.items()},
        "sorts": library.SORTS,
        "storage": next(row for row in usage if row.meter is Meter.STORAGE),
        "more_query": more.urlencode(),
    }
    return render(request, "rendering/library.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: TenantRequest) -> HttpResponse:
    """Ask before deleting the chosen renders (fields `v`), then delete those that have ended."""
    require_principal(request)
    chosen = _chosen(request)
    ended = [job for job in chosen if job.is_final]
    if request.method != "POST":
        context = {
            "ended": ended,
            "running": [job for job in chosen if not job.is_final],
            "freed": sum(job.video_bytes or 0 for job in ended),
        }
        return render(request, "rendering/delete.html", context)
    for job in ended:
        services.delete_render(job=job, at=clock.now())
    messages.success(request, f"{len(ended)} video{'' if len(ended) == 1 else 's'} deleted.")
    return redirect("rendering-pages:library")


def _chosen(request: TenantRequest) -> list[RenderJob]:
    names = (request.POST if request.method == "POST" else request.GET).getlist("v")
    try:
        return list(selectors.renders().filter(pk__in=names[: library.PAGE_SIZE * 10]))
    except (ValidationError, ValueError):
        return []
