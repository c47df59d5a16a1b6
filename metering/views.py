"""The page /usage: five meters, the days and shares of one, the newest lines of the ledger; and what a tenant
may ask for there."""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from cutroom import clock
from cutroom.errors import DomainError
from cutroom.pages import require_principal, safe_next
from metering import exports, history, notices, page_facts, periods, requests, selectors, usage_page
from metering.forms import AskForm, MailForm
from metering.meters import Meter, in_use
from metering.models import NoticeKind
from metering.page_facts import Facts
from metering.periods import Period, period_named
from tenants.http import Principal, TenantRequest
from tenants.permissions import needs
from tenants.roles import Capability


@require_safe
@needs(Capability.SEE_USAGE)
def show(request: TenantRequest) -> HttpResponse:
    """Usage of one month, this one unless `period` names another; `meter` chooses the chart."""
    return _page(request, meter=_meter(request.GET.get("meter", "")))


@require_safe
@needs(Capability.SEE_USAGE)
def download(request: TenantRequest, kind: str) -> HttpResponseBase:
    """The ledger of one month as a file, for people who are signed in to the pages."""
    principal = _principal(request)
    period = _period(request, periods.current(principal.tenant_id, clock.now()))
    return exports.ledger_file(
        request,
        tenant_id=principal.tenant_id,
        lines=history.Lines(first=period.start, last=period.last_day),
        kind=kind,
        name=f"usage-{principal.tenant_slug}-{period.name}",
    )


@require_POST
@needs(Capability.MANAGE_LIMITS)
def ask(request: TenantRequest) -> HttpResponse:
    """Ask for a higher limit; the request waits for an operator."""
    meter = _meter(request.POST.get("meter", ""))
    form = AskForm(request.POST, meter=meter)
    if not form.is_valid():
        return _page(request, meter=meter, form=form, status=422)
    try:
        requests.ask(
            meter=meter,
            wanted=meter.smallest(form.cleaned_data["wanted"]),
            note=form.cleaned_data["note"],
            user_id=_principal(request).user_id,
            at=clock.now(),
        )
    except DomainError as error:
        form.add_error("wanted", error.detail)
        return _page(request, meter=meter, form=form, status=422)
    messages.success(request, "Asked. We answer by mail.")
    return _back(meter)


@require_POST
@needs(Capability.MANAGE_LIMITS)
def choose_mail(request: TenantRequest) -> HttpResponse:
    """At which thresholds the tenant wants mail; nonsense changes nothing."""
    form = MailForm(request.POST)
    if form.is_valid():
        notices.choose_mail(form.cleaned_data["percents"])
        messages.success(request, "Saved.")
    return _back(_meter(""))


@require_POST
@needs(Capability.SEE_USAGE)
def tell_me(request: TenantRequest) -> HttpResponse:
    """Mail me once when a meter starts again. Asking twice is one mail."""
    principal, meter, at = _principal(request), _meter(request.POST.get("meter", "")), clock.now()
    resets_at = periods.resets_at(principal.tenant_id, meter, at)
    if resets_at and principal.user_id:
        notices.write(
            key=f"reset:{meter.value}:{resets_at:%Y-%m-%d}:{principal.user_id}",
            kind=NoticeKind.RESET,
            meter=meter,
            at=at,
            due_at=resets_at,
            user_id=principal.user_id,
        )
        messages.success(request, f"We mail you on {resets_at:%-d %B}, when {meter.label} start again.")
    return HttpResponseRedirect(safe_next(request, default=reverse("metering-pages:usage")))


def _page(
    request: TenantRequest, *, meter: Meter, form: AskForm | None = None, status: int = 200
) -> HttpResponse:
    tenant_id, at = _principal(request).tenant_id, clock.now()
    standing = selectors.standing(tenant_id, at)
    period = _period(request, standing.period)
    facts = page_facts.facts(tenant_id, meter, period)
    context = {
        "standing": standing,
        "period": period,
        "is_now": period == standing.period,
        "days_left": ceil((period.ends_at - at).total_seconds() / 86_400),
        "months": _months(tenant_id, facts, standing.period),
        "downloads": urlencode({"period": period.name}),
        "asked": [(asked, asked.shown(amount)) for asked, amount in facts.asked.items()],
        "ask": form or AskForm(meter=meter),
        "percents": [(percent, percent in facts.mail_percents) for percent in notices.THRESHOLDS],
        "may_ask": _principal(request).may(Capability.MANAGE_LIMITS),
        **_parts_of(standing, facts, meter=meter, period=period, at=at),
    }
    return render(request, "metering/usage.html", context, status=status)


def _parts_of(
    standing: selectors.Standing, facts: Facts, *, meter: Meter, period: Period, at: datetime
) -> dict[str, Any]:
    is_now = period == standing.period
    sharers = {share.sharer_id for shares in facts.shares.values() for share in shares}
    names = page_facts.names(filter(None, sharers | {line.project_id for line in facts.lines}))
    rows = {row.meter: row for row in standing.rows}
    past = facts.months.get(period.start, {})
    used = {each: row.used_exactly for each, row in rows.items()} if is_now else past
    return {
        "readings": list(usage_page.readings(standing.rows, past, period if is_now else None, at)),
        "lines": usage_page.lines(facts.lines, names, used=used, period=period),
        **usage_page.parts(facts, meter, names),
        **usage_page.days(rows[meter], period, facts.days, at.astimezone(UTC).date()),
    }


def _months(tenant_id: UUID, facts: Facts, now: Period) -> list[Period]:
    """The periods to choose from, newest first."""
    anchor_day = periods.anchor_of(tenant_id)
    names = sorted({f"{start:%Y-%m}" for start in (now.start, *facts.months)}, reverse=True)
    return [period_named(name, anchor_day=anchor_day) for name in names]


def _period(request: TenantRequest, now: Period) -> Period:
    """The month that `period` names, as in "2026-11"; this one when it names none or one to come."""
    try:
        anchor_day = periods.anchor_of(_principal(request).tenant_id)
        named = period_named(request.GET.get("period", ""), anchor_day=anchor_day)
    except (ValueError, OverflowError):
        return now
    return named if named.start < now.start else now


def _meter(name: str) -> Meter:
    if name in Meter:
        return Meter(name)
    known = in_use()
    return Meter.RENDER if Meter.RENDER in known else known[0]


def _principal(request: TenantRequest) -> Principal:
    return cast(Principal, require_principal(request))


def _back(meter: Meter) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse('metering-pages:usage')}?meter={meter.value}")
