"""The list of render jobs of all tenants, and the page of one: why it stands, and what can be done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from cutroom import clock, tracing
from cutroom.console import pages
from cutroom.console.board import Sheet
from cutroom.console.pages import page
from cutroom.console.search import MOST, Hit, finder
from cutroom.console.site import render_page
from cutroom.errors import NotFound
from rendering.console import job_facts
from rendering.console.facts import SILENT_MINUTES
from rendering.models import ACTIVE_JOB_STATES, JobState, RenderJob, RenderStep
from rendering.outcomes import QUARANTINES
from tenants.console import lists, looks
from tenants.console.panels import panel
from tenants.console.tenant_pages import id_begins
from tenants.models import Tenant

JOBS_OF_TENANT = 50

_STATES = [("", "All"), *((str(state.value), str(state.label).capitalize()) for state in JobState)]
_NEEDS = [
    ("", "Whatever they need"),
    ("stuck", "Stuck"),
    ("quarantine", "In quarantine"),
    ("degraded", "Degraded"),
]

pages.entry(label="Jobs", icon="cut", name="jobs", area="jobs", order=10)


@page("jobs/", name="jobs")
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Fifty jobs, newest first: of a state, of a need, of a tenant, or with a text in the title."""
    text, tenant_id = request.GET.get("q", "").strip(), request.GET.get("tenant", "")
    states, needs = lists.choices(request, "state", _STATES), lists.choices(request, "needs", _NEEDS)
    rows = _jobs().order_by("-created_at", "-pk")
    rows = _of_state(rows, lists.chosen_of(states))
    rows = _in_need(rows, lists.chosen_of(needs), clock.now())
    if request.GET.get("ended"):
        rows = rows.filter(finished_at__gt=clock.now() - timedelta(days=1))
    if tenant_id:
        rows = rows.filter(tenant_id=_uuid(tenant_id))
    if text:
        rows = rows.filter(Q(title__icontains=text) | id_begins(text))
    context = {
        "listing": lists.page_of(request, rows),
        "states": states,
        "needs": needs,
        "text": text,
        "kept": [(name, request.GET[name]) for name in ("state", "needs", "tenant") if request.GET.get(name)],
        "is_narrowed": bool(request.GET),
    }
    return render_page(request, "rendering/console/jobs.html", context)


@page("jobs/deeds/", name="job-deeds")
@require_safe
def many(request: HttpRequest) -> HttpResponseBase:
    """From the boxes of the list to the page of the deed, which asks about all of them at once."""
    deed, ids = request.GET.get("deed", ""), request.GET.getlist("id")
    if not ids:
        messages.info(request, "Choose the jobs first.")
        return HttpResponseRedirect(reverse("admin:jobs"))
    return HttpResponseRedirect(f"{reverse('admin:do', args=[deed])}?{urlencode({'id': ids}, doseq=True)}")


@page("jobs/<uuid:job_id>/", name="job")
@require_safe
def show(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """Everything about one job: steps over time, attempts, what the worker said, what went in.

    The tenant's audit log tells who looked.
    """
    job = RenderJob.everywhere.using("ops").select_related("tenant", "project").filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such job. Its members may have deleted it.")
    at = clock.now()
    looks.note(request, job.tenant_id, target=f"render:{job.pk}", at=at)
    steps = list(
        RenderStep.everywhere.using("ops").filter(job_id=job.pk).order_by("ordinal", "scene", "part", "pk")
    )
    facts = job_facts.of(job, steps, at=at)
    trace_id = tracing.id_of(job.trace)
    context = {"job": job, "facts": facts, "trace_id": trace_id, "trace_url": tracing.url_of(trace_id)}
    return render_page(request, "rendering/console/job.html", context)


@panel("renders", order=40, tab="Jobs")
def of_tenant(tenant: Tenant, at: datetime) -> Sheet:
    """A tenant's newest jobs."""
    rows = list(RenderJob.objects.defer("script").order_by("-created_at", "-pk")[:JOBS_OF_TENANT])
    return Sheet(template="rendering/console/_of_tenant.html", context={"tenant": tenant, "jobs": rows})


@finder("Jobs")
def find(text: str) -> list[Hit]:
    """Jobs by a part of the title, or by the beginning of their id."""
    rows = _jobs().filter(Q(title__icontains=text) | id_begins(text)).order_by("-created_at", "-pk")[:MOST]
    return [
        Hit(
            label=row.title,
            note=f"{row.get_state_display()}, {row.tenant.name}",
            url=reverse("admin:job", args=[row.pk]),
        )
        for row in rows
    ]


def _jobs() -> QuerySet[RenderJob]:
    rows: Any = RenderJob.everywhere.using("ops").select_related("tenant").defer("script")
    return rows  # type: ignore[no-any-return]  # the manager of all tenants is not generic


def _of_state(rows: QuerySet[RenderJob], state: str) -> QuerySet[RenderJob]:
    return rows.filter(state=state) if state else rows


def _in_need(rows: QuerySet[RenderJob], need: str, at: datetime) -> QuerySet[RenderJob]:
    if need == "stuck":
        silent = at - timedelta(minutes=SILENT_MINUTES)
        moved = Q(ready_at__gte=silent) | Q(started_at__gte=silent) | Q(finished_at__gte=silent)
        lively = RenderStep.everywhere.using("ops").filter(moved).values("job_id")
        active = rows.filter(state__in=ACTIVE_JOB_STATES, updated_at__lt=silent)
        return active.exclude(pk__in=lively.filter(job__state__in=ACTIVE_JOB_STATES))
    if need == "quarantine":
        return rows.filter(state=JobState.FAILED, error__code__in=QUARANTINES)
    if need == "degraded":
        degraded = RenderStep.everywhere.using("ops").exclude(degraded="")
        return rows.filter(pk__in=degraded.filter(finished_at__gt=at - timedelta(days=1)).values("job_id"))
    return rows


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound() from None
