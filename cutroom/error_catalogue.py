"""Every code a problem document can carry, with one sentence each: /problems and docs/errors.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from django.apps import apps
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.module_loading import module_has_submodule
from django.views.decorators.http import require_safe

from cutroom import problems  # noqa: F401  # has an error of its own, `internal`
from cutroom.errors import DomainError, NotFound

_HEAD = """# Errors

Every refusal is an `application/problem+json` document (RFC 9457): `type`, `title`, `status`, `detail`,
`code`, `request_id`, and `errors` (`field`, `code`, `detail`) where single fields are wrong. `code` is
stable; `detail` says what happened this time. The same list is served at `/problems`.

| code | status | title | meaning |
|---|---|---|---|
"""


@dataclass(frozen=True, kw_only=True, order=True)
class Entry:
    """One code. `explanation` is a sentence or two for whoever met it."""

    code: str
    status: int
    title: str
    explanation: str


def catalogue() -> list[Entry]:
    """All codes in alphabetical order: the DomainError tree of every installed app."""
    for app in apps.get_app_configs():
        if module_has_submodule(app.module, "errors"):
            import_module(f"{app.name}.errors")
    return sorted({entry.code: entry for entry in _from_tree(DomainError)}.values())


def as_markdown() -> str:
    """The text of docs/errors.md."""
    rows = (f"| `{e.code}` | {e.status} | {e.title} | {e.explanation} |" for e in catalogue())
    return _HEAD + "\n".join(rows) + "\n"


@require_safe
def problem_list(request: HttpRequest) -> HttpResponse:
    """GET /problems: all codes, as a page or as JSON."""
    return _answer(request, catalogue())


@require_safe
def problem_page(request: HttpRequest, code: str) -> HttpResponse:
    """GET /problems/<code>: what the `type` of a problem document points at."""
    found = [entry for entry in catalogue() if entry.code == code]
    if not found:
        raise NotFound()
    return _answer(request, found)


def _answer(request: HttpRequest, entries: list[Entry]) -> HttpResponse:
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"problems": [vars(entry) for entry in entries]})
    return render(request, "problems.html", {"entries": entries})


def _from_tree(parent: type[DomainError]) -> Iterator[Entry]:
    for kind in parent.__subclasses__():
        yield from _from_tree(kind)
    own = parent.__mro__[1]
    if parent is DomainError or parent.code != getattr(own, "code", None):
        explanation = " ".join((parent.__doc__ or "").partition("\n\n")[0].split())
        yield Entry(code=parent.code, status=parent.status, title=parent.title, explanation=explanation)
