"""The pages of a deed: what will happen and why, once more where something was chosen, what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cutroom import clock
from cutroom.console.pages import page
from cutroom.console.site import render_page
from cutroom.errors import DomainError, InvalidInput, NotFound, PermissionDenied
from cutroom.form_problems import problems_of
from tenants.console import deeds
from tenants.console.deeds import Deed, Outcome, ReasonForm, Target, Wish
from tenants.http import Principal

_NOT_ALLOWED = "You may look, but not change anything. Somebody who is a superuser of this Cutroom may."


@page("do/<slug:name>/", name="do")
@never_cache
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, name: str) -> HttpResponseBase:
    """Ask, ask once more where something was chosen, then do it and go to the page of its target."""
    if not getattr(request.user, "is_superuser", False):
        raise PermissionDenied(_NOT_ALLOWED)
    chosen = deeds.by_name(name)
    asked = request.POST if request.method == "POST" else request.GET
    targets = chosen.targets(_ids(asked.getlist("id")))
    if not targets:
        raise NotFound("What this was about is gone.")
    if request.method == "GET":
        return _ask(request, chosen, targets, chosen.form(initial=chosen.initial(targets)), key=str(uuid4()))
    key = _uuid(request.POST.get("key", ""))
    form = chosen.form(request.POST)
    if "back" in request.POST:
        return _ask(request, chosen, targets, form, key=str(key))
    if not form.is_valid():
        return _ask(request, chosen, targets, form, key=str(key), status=422)
    if chosen.has_choices and "sure" not in request.POST:
        return _ask_again(request, chosen, targets, form, key=str(key))
    return _carry_out(request, chosen, targets, form, key)


def _carry_out(
    request: HttpRequest, chosen: Deed, targets: Sequence[Target], form: ReasonForm, key: UUID
) -> HttpResponseBase:
    outcomes = deeds.carry_out(chosen, targets, _wish(request, form, key))
    refused = [outcome for outcome in outcomes if outcome.refusal]
    if len(targets) == 1 and refused and refused[0].refusal:
        _explain(form, refused[0].refusal)
        return _ask(request, chosen, targets, form, key=str(uuid4()), status=refused[0].refusal.status)
    _tell(request, chosen, targets, outcomes)
    done = [outcome for outcome in outcomes if outcome.is_done]
    answer = chosen.after(request, done) if done else None
    return answer or HttpResponseRedirect(_back(request, targets))


def _wish(request: HttpRequest, form: ReasonForm, key: UUID) -> Wish:
    caller: Principal = request.principal  # type: ignore[attr-defined]  # the console opens to nobody without
    choices = {name: value for name, value in form.cleaned_data.items() if name != "reason"}
    reason = form.cleaned_data["reason"]
    return Wish(
        key=key,
        operator=caller.operator,
        home=caller.tenant_id,
        reason=reason,
        at=clock.now(),
        choices=choices,
    )


def _ask(
    request: HttpRequest,
    chosen: Deed,
    targets: Sequence[Target],
    form: ReasonForm,
    *,
    key: str,
    status: int = 200,
) -> HttpResponseBase:
    is_sure_page = not chosen.has_choices
    effects = chosen.effects([each for each in targets if not each.refusal], {})
    context = {
        **_facts(request, chosen, targets),
        "form": form,
        "key": key,
        "effects": effects,
        "is_last": is_sure_page,
        "problems": list(problems_of(form)) if form.is_bound and "back" not in request.POST else [],
    }
    return render_page(request, "tenants/console/deed.html", context, status=status)


def _ask_again(
    request: HttpRequest, chosen: Deed, targets: Sequence[Target], form: ReasonForm, *, key: str
) -> HttpResponseBase:
    able = [each for each in targets if not each.refusal]
    typed = [
        (name, value) for name in form.fields for value in request.POST.getlist(name) if name != "reason"
    ]
    context = {
        **_facts(request, chosen, targets),
        "key": key,
        "effects": chosen.effects(able, form.cleaned_data),
        "reason": form.cleaned_data["reason"],
        "typed": typed,
    }
    return render_page(request, "tenants/console/deed_sure.html", context)


def _facts(request: HttpRequest, chosen: Deed, targets: Sequence[Target]) -> dict[str, Any]:
    able = [each for each in targets if not each.refusal]
    return {
        "deed": chosen,
        "title": chosen.title,
        "targets": able,
        "refused": [each for each in targets if each.refusal],
        "count": len(able),
        "tenants": len({each.tenant_id for each in able}),
        "back": _back(request, targets),
    }


def _explain(form: ReasonForm, refusal: DomainError) -> None:
    """What the service refused, beside the field it is about."""
    listed = refusal.members.get("errors", []) if isinstance(refusal, InvalidInput) else []
    for error in listed:
        form.add_error(error["field"] if error["field"] in form.fields else None, error["detail"])
    if not listed:
        form.add_error(None, refusal.detail)


def _tell(request: HttpRequest, chosen: Deed, targets: Sequence[Target], outcomes: Sequence[Outcome]) -> None:
    done = sum(outcome.is_done for outcome in outcomes)
    if done:
        whom = targets[0].label if len(targets) == 1 else f"{done} of {len(targets)}"
        messages.success(request, f"{chosen.done}: {whom}. The audit log has the reason.")
    for outcome in outcomes:
        if outcome.refusal:
            messages.warning(request, f"{outcome.target.label}: {outcome.refusal.detail}")
        elif not outcome.is_done:
            messages.info(request, f"{outcome.target.label}: this was done already, and not again.")
    for target in targets:
        if target.refusal:
            messages.warning(request, f"{target.label} was left alone: {target.refusal}")


def _back(request: HttpRequest, targets: Sequence[Target]) -> str:
    return targets[0].url if len(targets) == 1 else reverse("admin:index")


def _ids(given: Sequence[str]) -> list[UUID]:
    if len(given) > deeds.MOST_TARGETS:
        raise InvalidInput(f"{len(given)} at once; {deeds.MOST_TARGETS} are possible.")
    return [_uuid(each) for each in given]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound() from None
