"""The page of requests for higher limits: those that wait first, to be granted or declined."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from cutroom.console import pages
from cutroom.console.pages import page
from cutroom.console.site import render_page
from metering.meters import Meter
from metering.models import LimitRequest, RequestState
from tenants.console import lists

_STATES = [
    ("", "Waiting"),
    (RequestState.GRANTED.value, "Granted"),
    (RequestState.DECLINED.value, "Declined"),
]

pages.entry(label="Requests", icon="usage", name="requests", area="requests", order=30)


@page("requests/", name="requests")
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Requests that wait, the oldest first; or those that were answered, the newest first."""
    states = lists.choices(request, "state", _STATES)
    state = lists.chosen_of(states) or RequestState.OPEN.value
    rows = LimitRequest.everywhere.using("ops").select_related("tenant").filter(state=state)
    is_open = state == RequestState.OPEN
    listing = lists.page_of(request, rows.order_by("created_at" if is_open else "-created_at", "pk"))
    context = {
        "states": states,
        "listing": listing,
        "is_open": is_open,
        "lines": [_line(row) for row in listing.rows],
    }
    return render_page(request, "metering/console/requests.html", context)


def _line(row: LimitRequest) -> dict[str, Any]:
    meter = Meter(row.meter)
    return {
        "row": row,
        "meter": meter,
        "wanted": meter.shown(row.wanted_amount),
        "limit": None if row.limit_amount is None else meter.shown(row.limit_amount),
    }
