"""The scene editor: one page, one form, one deed a submit."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from cutroom import clock
from cutroom.errors import DomainError, InvalidInput, RateLimited
from cutroom.pages import require_principal
from metering import entitlements
from metering import selectors as metering_selectors
from metering.errors import PlanRequired, QuotaExceeded
from rendering import costs, editing, history, selectors, services, voice_samples
from rendering.choices import Quality, Resolution
from rendering.editor_forms import EditorForms
from rendering.errors import EditConflict, NothingToRender
from rendering.forms import RenderForm
from rendering.models import Project, Scene
from rendering.storyboard import Frame, Storyboard, spoken_lengths, storyboard
from tenants.http import TenantRequest

RENDER_CHOICE = "render_choice"
_HEAR = "hear"
_QUALITIES = {"render": Quality.FINAL, "draft": Quality.DRAFT}
_STANDARD_CHOICE = {"resolution": Resolution.FULL_HD.value, "fps": 24}


@require_http_methods(["GET", "HEAD", "POST"])
def project(request: TenantRequest, slug: str) -> HttpResponse:
    """Show a project with one scene open; take what was typed there and do the deed of the pressed button."""
    require_principal(request)
    found = selectors.project_with_scenes(slug)
    if request.method == "POST":
        return _take(request, found)
    board = _board(request, found)
    frame = board.frame(_number(request))
    forms = _forms(request, found, frame.scene if frame else None)
    return _page(request, found, board=board, frame=frame, forms=forms)


@require_safe
def limit(request: TenantRequest, slug: str) -> HttpResponse:
    """Say why a render would be refused now, with the ways on; the draft is saved. 402 while it would be."""
    require_principal(request)
    found = selectors.project_with_scenes(slug)
    choice = RenderForm(request.GET)
    if not choice.is_valid():
        return redirect(_url(found))
    quote = services.quote(project=found, at=clock.now(), **choice.cleaned_data)
    if quote.refusal is None:
        return redirect(_url(found))
    context = {"project": found, "error": quote.refusal, "back": _url(found)}
    context |= _full_meter(found, quote.refusal)
    return render(request, "rendering/limit.html", context, status=quote.refusal.status)


def _full_meter(found: Project, refusal: DomainError) -> dict[str, Any]:
    if not isinstance(refusal, QuotaExceeded):
        return {}
    rows = metering_selectors.usage(found.tenant_id, clock.now())
    row = next(row for row in rows if row.meter is refusal.meter)
    left = max((row.limit or 0) - row.taken, 0)
    return {"row": row, "left": left, "missing": refusal.members["requested"] - left}


def _take(request: TenantRequest, found: Project) -> HttpResponse:
    scene = next((s for s in found.scenes.all() if str(s.pk) == request.POST.get("scene")), None)
    forms = _forms(request, found, scene, is_submitted=True)
    if not forms.is_valid():
        return _again(request, found, forms, scene, status=422)
    submission = forms.submission()
    deed = forms.deed.cleaned_data["deed"]
    request.session[RENDER_CHOICE] = forms.render.cleaned_data
    try:
        number = editing.perform(deed, submission)
    except EditConflict:
        forms.rebase()
        return _again(
            request, found, forms, scene, status=409, conflict=True, typed=request.POST.get("narration", "")
        )
    except InvalidInput as error:
        forms.take(error)
        return _again(request, found, forms, scene, status=422)
    if deed == _HEAR and scene is not None:
        return _hear(request, found, scene)
    if deed in _QUALITIES:
        return _start(request, found, forms.render.cleaned_data, quality=_QUALITIES[deed])
    return redirect(_url(found, number))


def _start(
    request: TenantRequest, found: Project, choice: dict[str, Any], *, quality: Quality
) -> HttpResponse:
    """Submit the render. What was typed stays saved when it is refused: a 4xx here would roll it back."""
    user_id = require_principal(request).user_id
    try:
        with transaction.atomic():
            job = services.submit(project=found, user_id=user_id, at=clock.now(), quality=quality, **choice)
    except NothingToRender as error:
        messages.error(request, error.detail)
        return redirect(_url(found))
    except (QuotaExceeded, PlanRequired):
        url = reverse("rendering-pages:project-limit", args=[found.slug])
        return HttpResponseRedirect(f"{url}?{urlencode(choice)}")
    return redirect("rendering-pages:render", job.pk)


def _hear(request: TenantRequest, found: Project, scene: Scene) -> HttpResponse:
    """Have the scene's voice heard. What was typed stays saved when it is refused."""
    fresh = selectors.scene_of(found, scene.pk)
    try:
        voice_samples.ask(scene=fresh, user_id=require_principal(request).user_id)
    except (InvalidInput, RateLimited) as error:
        messages.error(request, error.detail)
        return redirect(_url(found, scene.position))
    return redirect("rendering-pages:scene-voice", found.slug, scene.pk)


def _again(
    request: TenantRequest,
    found: Project,
    forms: EditorForms,
    scene: Scene | None,
    *,
    status: int,
    **context: Any,
) -> HttpResponse:
    board = _board(request, found)
    frame = next((frame for frame in board.frames if frame.scene == scene), None)
    return _page(request, found, board=board, frame=frame, forms=forms, status=status, **context)


def _page(
    request: TenantRequest,
    found: Project,
    *,
    board: Storyboard,
    frame: Frame | None,
    forms: EditorForms,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    context |= {
        "project": found,
        "board": board,
        "frame": frame,
        "forms": forms,
        "cost": costs.cost(project=found, at=clock.now(), **_choice(request)),
        "arriving": selectors.arriving(frame.scene) if frame else None,
        "last_edit": history.last_edit(found),
        "last_undone": history.last_undone(found),
        "here": _url(found, frame.number if frame else None),
    }
    return render(request, "rendering/editor.html", context, status=status)


def _forms(
    request: TenantRequest, found: Project, scene: Scene | None, *, is_submitted: bool = False
) -> EditorForms:
    features = entitlements.for_tenant(found.tenant_id).features
    return EditorForms(
        project=found,
        scene=scene,
        choice=_choice(request),
        sounds=selectors.sounds(found),
        has_4k="4k" in features,
        data=request.POST if is_submitted else None,
        files=request.FILES if is_submitted else None,
    )


def _board(request: TenantRequest, found: Project) -> Storyboard:
    scenes = list(found.scenes.all())
    spoken = spoken_lengths(found, scenes)
    return storyboard(project=found, scenes=scenes, fps=_choice(request)["fps"], spoken=spoken)


def _choice(request: TenantRequest) -> dict[str, Any]:
    return dict(request.session.get(RENDER_CHOICE, _STANDARD_CHOICE))


def _number(request: TenantRequest) -> int:
    text = request.GET.get("scene", "")
    return int(text) if text.isdecimal() and len(text) < 5 else 1


def _url(found: Project, number: int | None = None) -> str:
    url = reverse("rendering-pages:project", args=[found.slug])
    return f"{url}?scene={number}" if number else url
