"""The list of tenants, and the page of one: what every app knows of it, and what can be done."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from cutroom import clock
from cutroom.console import pages
from cutroom.console.board import Sheet
from cutroom.console.pages import page
from cutroom.console.search import MOST, Hit, finder
from cutroom.console.site import render_page
from cutroom.errors import NotFound
from tenants.console import lists, looks, panels
from tenants.console.panels import panel
from tenants.context import tenant_context
from tenants.models import OperatorNote, Tenant, TenantState

MOST_NOTES = 20

pages.entry(label="Tenants", icon="team", name="tenants", area="tenants", order=20)


@panels.view("suspended", "Suspended", order=80)
def suspended() -> Any:
    """Tenants that may only look."""
    return Tenant.objects.using("ops").filter(state=TenantState.SUSPENDED).values("pk")


@panels.view("deleting", "Being deleted", order=90)
def deleting() -> Any:
    """Tenants that wait for their erasure."""
    return Tenant.objects.using("ops").filter(state=TenantState.DELETING).values("pk")


@page("tenants/", name="tenants")
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Fifty tenants, newest first; `show` narrows them, `q` looks for a text."""
    text = request.GET.get("q", "").strip()
    shown = lists.choices(request, "show", [(each.name, each.label) for each in panels.views()])
    chosen = next(each for each in panels.views() if each.name == lists.chosen_of(shown))
    rows = _matching(text).order_by("-created_at", "-id")
    if chosen.ids is not None:
        rows = rows.filter(pk__in=chosen.ids())
    listing = lists.page_of(request, rows)
    columns = panels.columns([row.pk for row in listing.rows])
    context = {
        "text": text,
        "shown": shown,
        "show": chosen.name,
        "listing": listing,
        "heads": [title for title, _ in columns],
        "rows": [(row, [cells.get(row.pk, "") for _, cells in columns]) for row in listing.rows],
    }
    return render_page(request, "tenants/console/tenants.html", context)


@page("tenants/<uuid:tenant_id>/", name="tenant")
@require_safe
def show(request: HttpRequest, tenant_id: UUID) -> HttpResponseBase:
    """What each app knows of one tenant, a tab at a time: `tab` chooses, the overview comes first.

    The tenant's audit log tells who looked.
    """
    tenant = Tenant.objects.using("ops").filter(pk=tenant_id).first()
    if tenant is None:
        raise NotFound("There is no such tenant. It may have been erased.")
    at = clock.now()
    tabs = lists.choices(request, "tab", panels.tabs())
    title = next(each.label for each in tabs if each.is_chosen)
    looks.note(request, tenant.pk, target=f"tenant:{tenant.pk}", at=at)
    with tenant_context(tenant.pk):
        sheets = list(panels.panels(tenant, at, tab=title))
    context = {"tenant": tenant, "at": at, "tabs": tabs, "tab": title, "sheets": sheets}
    return render_page(request, "tenants/console/tenant.html", context)


@panel("notes", order=5)
def notes(tenant: Tenant, at: datetime) -> Sheet:
    """What operators wrote down about the tenant."""
    found = OperatorNote.objects.order_by("-created_at", "-id")[:MOST_NOTES]
    return Sheet(template="tenants/console/_notes.html", context={"tenant": tenant, "notes": list(found)})


@finder("Tenants")
def find(text: str) -> list[Hit]:
    """Tenants by a part of slug, name or address, or by the beginning of their id."""
    rows = _matching(text).order_by("-created_at")[:MOST]
    return [
        Hit(label=row.name, note=f"{row.slug}, {row.email}", url=reverse("admin:tenant", args=[row.pk]))
        for row in rows
    ]


def _matching(text: str) -> Any:
    rows = Tenant.objects.using("ops").all()
    if not text:
        return rows
    by_word = Q(slug__icontains=text) | Q(name__icontains=text) | Q(email__icontains=text)
    return rows.filter(by_word | id_begins(text))


def id_begins(text: str) -> Q:
    """Rows whose id begins with a text, by a range that its index answers; none for what is no id."""
    digits = text.replace("-", "").lower()
    if len(digits) < 4 or len(digits) > 32 or set(digits) - set("0123456789abcdef"):
        return Q(pk__in=[])
    return Q(pk__range=(UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))))
