"""Where work starts: the front page and the choice of a beginning."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from cutroom.errors import InvalidInput
from cutroom.form_problems import problems_of
from cutroom.pages import require_principal
from rendering import scripts, selectors
from rendering.forms import StartForm
from rendering.models import Project
from rendering.samples import SAMPLES
from rendering.storyboard import Frame, storyboard
from tenants.http import TenantRequest

_RECENT = 6


@require_safe
def home(request: TenantRequest) -> HttpResponse:
    """What Cutroom is, for strangers; members go to their videos, or to their first one."""
    if request.principal is None:
        return render(request, "rendering/landing.html")
    return redirect("rendering-pages:library" if selectors.renders().exists() else "rendering-pages:create")


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: TenantRequest) -> HttpResponse:
    """Offer a blank project, a pasted script and three samples; make the chosen one and open it."""
    require_principal(request)
    if request.method != "POST":
        return _choices(request, StartForm())
    form = StartForm(request.POST)
    if not form.is_valid():
        return _choices(request, form, status=422)
    try:
        project = _start(form)
    except InvalidInput as error:
        form.add_error("script", error.detail)
        return _choices(request, form, status=422)
    return redirect("rendering-pages:project", project.slug)


def _start(form: StartForm) -> Project:
    """A project with its scenes, or nothing at all: what is refused must not show among the recent work."""
    wanted = form.cleaned_data
    with transaction.atomic():
        project = scripts.create_project(title=wanted["title"])
        if not wanted["is_blank"]:
            return scripts.replace_script(project=project, script=wanted["script"])
        scripts.add_scene(project=project)
        return project


def _choices(request: TenantRequest, form: StartForm, *, status: int = 200) -> HttpResponse:
    recent = [(project, _first_frame(project)) for project in selectors.projects()[:_RECENT]]
    context = {"form": form, "problems": list(problems_of(form)), "samples": SAMPLES, "recent": recent}
    return render(request, "rendering/create.html", context, status=status)


def _first_frame(project: Project) -> Frame | None:
    return storyboard(project=project, scenes=list(project.scenes.all()), fps=24).frame(1)
