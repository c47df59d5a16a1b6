"""Where work starts: the front page and the choice of a beginning."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cutroom import clock
from cutroom.errors import DomainError, InvalidInput
from cutroom.form_problems import problems_of
from cutroom.pages import require_principal
from rendering import drafting, scripts, selectors
from rendering.models import Project
from rendering.outside_forms import TopicForm
from rendering.providers.models import DraftState, ScriptDraft
from rendering.samples import SAMPLES
from rendering.script_forms import StartForm, script_source
from rendering.storyboard import Frame, storyboard
from tenants.http import TenantRequest

_RECENT = 6
_LOOK_AGAIN_SECONDS = 2


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
    form = StartForm(request.POST, request.FILES)
    if not form.is_valid():
        return _choices(request, form, status=422)
    try:
        project = _start(form)
    except InvalidInput as error:
        form.add_error("script", error.detail)
        return _choices(request, form, status=422)
    return redirect("rendering-pages:project", project.slug)


@require_POST
def topic(request: TenantRequest) -> HttpResponse:
    """Have a script written about a topic."""
    principal = require_principal(request)
    form = TopicForm(request.POST)
    if not form.is_valid():
        return _choices(request, StartForm(), topic=form, status=422)
    try:
        asked = drafting.ask(user_id=principal.user_id, at=clock.now(), **form.cleaned_data)
    except DomainError as error:
        form.add_error("topic", error.detail)
        return _choices(request, StartForm(), topic=form, status=error.status)
    return redirect("rendering-pages:script-draft", asked.pk)


@require_safe
def draft(request: TenantRequest, draft_id: UUID) -> HttpResponse:
    """A script that is being written: wait for it, then show it in the form that makes scenes of it."""
    require_principal(request)
    found = selectors.script_draft(draft_id)
    if found.state == DraftState.QUEUED:
        response = render(request, "rendering/writing.html", {"draft": found})
        # Works in every browser, without any script.
        response["Refresh"] = str(_LOOK_AGAIN_SECONDS)
        return response
    form = TopicForm(initial={name: getattr(found, name) for name in ("topic", "language", "scenes")})
    start = StartForm(initial={"title": found.title, "script": found.script})
    return _choices(request, start, topic=form, draft=found)


def _start(form: StartForm) -> Project:
    """A project with its scenes, or nothing at all: what is refused must not show among the recent work."""
    wanted = form.cleaned_data
    with transaction.atomic():
        project = scripts.create_project(title=wanted["title"])
        if not wanted["is_blank"]:
            source = script_source(form)
            return scripts.replace_script(project=project, script=source.text, form=source.form)
        scripts.add_scene(project=project)
        return project


def _choices(
    request: TenantRequest,
    form: StartForm,
    *,
    topic: TopicForm | None = None,
    draft: ScriptDraft | None = None,
    status: int = 200,
) -> HttpResponse:
    topic = topic or TopicForm()
    recent = [(project, _first_frame(project)) for project in selectors.projects()[:_RECENT]]
    problems = [*problems_of(form), *problems_of(topic)]
    context = {"form": form, "problems": problems, "samples": SAMPLES, "recent": recent, "draft": draft}
    context |= {"topic": topic, "has_writer": drafting.is_possible()}
    return render(request, "rendering/create.html", context, status=status)


def _first_frame(project: Project) -> Frame | None:
    return storyboard(project=project, scenes=list(project.scenes.all()), fps=24).frame(1)
