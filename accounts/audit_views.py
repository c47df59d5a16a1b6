"""The page /account/audit: who did what in this workspace, and how far that is sealed."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from accounts import audit_trail
from accounts.audit_api import AuditPages, audit_file
from accounts.audit_trail import Filters
from accounts.sentences import detail_of
from cutroom.pages import require_principal
from tenants.models import AuditEntry
from tenants.permissions import needs
from tenants.roles import Capability


@dataclass(frozen=True, kw_only=True)
class Line:
    """One entry as the page shows it."""

    entry: AuditEntry
    sequence: int | None
    actor: str
    deed: str
    detail: str


@require_safe
@needs(Capability.SEE_AUDIT)
def show(request: HttpRequest) -> HttpResponse:
    """Fifty entries, newest first; `denied=1` shows only what was refused."""
    is_denied = request.GET.get("denied") == "1"
    pages = AuditPages()
    rows = audit_trail.entries(Filters(is_denied=True if is_denied else None))
    found: list[AuditEntry] = pages.paginate_queryset(rows, Request(request)) or []
    context = {
        "lines": _lines(found),
        "is_denied": is_denied,
        "checkpoint": audit_trail.latest_checkpoint(),
        "older": pages.get_next_link(),
        "newer": pages.get_previous_link(),
    }
    return render(request, "accounts/audit.html", context)


@require_safe
@needs(Capability.SEE_AUDIT)
def download(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The whole log as a file, for people who are signed in to the pages; `denied=1` as on the page."""
    is_denied = True if request.GET.get("denied") == "1" else None
    return audit_file(request, require_principal(request), Filters(is_denied=is_denied), kind=kind)


def _lines(rows: list[AuditEntry]) -> list[Line]:
    actors = audit_trail.name_actors(rows)
    return [
        Line(
            entry=row,
            sequence=audit_trail.sequence_of(row),
            actor=actors[row.pk],
            deed=_deed(row),
            detail=detail_of(row.detail),
        )
        for row in rows
    ]


def _deed(row: AuditEntry) -> str:
    """`api-key.rotated` reads "api key rotated"."""
    return row.action.replace(".", " ").replace("-", " ")
