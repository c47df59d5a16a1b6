"""The audit log of all tenants, and a tenant's newest entries on its page."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from accounts import audit_exports, audit_trail
from accounts.models import ApiKey, Session, User
from accounts.sentences import detail_of
from cutroom import clock
from cutroom.console import pages
from cutroom.console.board import Sheet
from cutroom.console.pages import page
from cutroom.console.site import render_page
from cutroom.errors import NotFound
from cutroom.pages import require_principal
from tenants import audit, row_files
from tenants.console import lists
from tenants.console.panels import panel
from tenants.context import tenant_context
from tenants.models import AuditEntry, Tenant

ENTRIES_OF_TENANT = 50

_ASKED = ("tenant", "action", "person", "target")
_WHO = [("", "Everything"), ("operators", "Deeds of operators"), ("denied", "Refused")]

pages.entry(label="Audit log", icon="key", name="audit", area="audit", order=60)


@page("audit/", name="audit")
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Fifty entries of all tenants, newest first: of a tenant, an action, a person, a thing, or a kind."""
    asked = {name: request.GET.get(name, "").strip() for name in _ASKED}
    who = lists.choices(request, "who", _WHO)
    rows = _narrowed(lists.chosen_of(who), **asked)
    listing = lists.page_of(request, rows.select_related("tenant", "link").order_by("-at", "-id"))
    context = {
        "who": who,
        "who_chosen": lists.chosen_of(who),
        "asked": asked,
        "listing": listing,
        "lines": _lines(listing.rows, using="ops"),
        "is_narrowed": bool(request.GET),
        "kinds": list(row_files.FORMS),
        "chosen": urlencode({**asked, "who": lists.chosen_of(who)}),
    }
    return render_page(request, "accounts/console/audit.html", context)


@page("audit/file/<slug:kind>/", name="audit-file")
@require_safe
def download(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The same choice as one file, oldest first. That it was taken is an entry of the operator's own."""
    if kind not in row_files.FORMS:
        raise NotFound()
    asked = {name: request.GET.get(name, "").strip() for name in _ASKED}
    who = lists.chosen_of(lists.choices(request, "who", _WHO))
    caller, at = require_principal(request), clock.now()
    with tenant_context(caller.tenant_id, actor=caller.operator):
        audit.record("operator.audit-exported", detail={"form": kind, "who": who, **asked})
    return row_files.row_file(
        request,
        audit_exports.of_all(_narrowed(who, **asked), until=at),
        columns=audit_exports.COLUMNS,
        kind=kind,
        name=f"audit-{slugify(asked['tenant']) or 'all'}-{at:%Y%m%d_%H%M%S}",
    )


@panel("audit", order=80, tab="Audit log")
def of_tenant(tenant: Tenant, at: datetime) -> Sheet:
    """A tenant's newest entries, and how far its chain is sealed."""
    rows = AuditEntry.objects.select_related("link").order_by("-at", "-id")[:ENTRIES_OF_TENANT]
    context = {
        "tenant": tenant,
        "lines": _lines(list(rows), using="default"),
        "checkpoint": audit_trail.latest_checkpoint(),
    }
    return Sheet(template="accounts/console/_audit.html", context=context)


def _narrowed(who: str, *, tenant: str, action: str, person: str, target: str) -> QuerySet[AuditEntry]:
    rows: Any = AuditEntry.everywhere.using("ops").all()
    if tenant:
        rows = rows.filter(tenant__slug=tenant)
    if action:
        rows = rows.filter(action__startswith=action)
    if person:
        ids = User.objects.filter(email=person.lower()).values("pk")
        rows = rows.filter(Q(user_id__in=ids) | Q(operator_id__in=ids))
    if target:
        rows = rows.filter(Q(target=target) | Q(request_id=target))
    if who == "operators":
        rows = rows.exclude(operator_id=None)
    if who == "denied":
        rows = rows.filter(is_denied=True)
    return rows  # type: ignore[no-any-return]  # the manager of all tenants is not generic


def _lines(rows: Sequence[AuditEntry], *, using: str) -> list[dict[str, Any]]:
    ids = {each for row in rows for each in (row.user_id, row.operator_id) if each}
    people = dict(User.objects.filter(pk__in=ids).values_list("pk", "email"))
    keys: dict[UUID, str] = {
        key.pk: str(key)
        for key in ApiKey.everywhere.using(using).filter(pk__in={row.api_key_id for row in rows})
    }
    sessions = Session.objects.in_bulk({each for row in rows if (each := _session_id(row))})
    return [
        {
            "entry": row,
            "session": sessions.get(_session_id(row)),
            "sequence": audit_trail.sequence_of(row),
            "who": _who(row, people, keys),
            "detail": detail_of(row.detail),
        }
        for row in rows
    ]


def _session_id(row: AuditEntry) -> UUID | None:
    """The session that did it. One that is just opened is only named as the target."""
    if row.session_id is None and row.action == "session.opened":
        with suppress(ValueError):
            return UUID(row.target.removeprefix("session:"))
    return row.session_id


def _who(row: AuditEntry, people: dict[UUID, str], keys: dict[UUID, str]) -> str:
    """As the tenant reads it, but operators are named."""
    if row.api_key_id is not None:
        return keys.get(row.api_key_id, "a deleted key")
    person = people.get(row.user_id, "a deleted account") if row.user_id else audit_trail.SYSTEM
    if row.operator_id is None or row.operator_id == row.user_id:
        return person
    return f"{people.get(row.operator_id, 'an operator who left')} as {person}"
