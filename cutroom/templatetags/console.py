"""What the console's templates say about times, lists and places."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.urls import reverse

from cutroom.console.board import Sheet

register = template.Library()


@register.simple_tag
def console_url(name: str) -> str:
    """The address of a declared page."""
    return reverse(f"admin:{name}")


@register.filter
def count_of(counts: Mapping[str, int] | str, area: str) -> int:
    """How many concerns an area has; pages other than home have no counts."""
    return counts.get(area, 0) if isinstance(counts, Mapping) else 0


@register.filter
def ago(since: datetime, at: datetime) -> str:
    """How long something lasts, in one unit: "14 min", "2 h", "3 d"."""
    return short(at - since)


@register.filter
def short(age: timedelta | float | None) -> str:
    """A time span (or seconds) in one unit, as `ago`; empty for none."""
    if age is None:
        return ""
    seconds = age.total_seconds() if isinstance(age, timedelta) else float(age)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


@register.inclusion_tag("console/_deed.html", takes_context=True)
def deed_link(
    context: template.Context, name: str, target_id: object, label: str, *, is_main: bool = False
) -> dict[str, Any]:
    """The way to a deed; for who may only look it is shown, with what it takes."""
    may = bool(getattr(context.get("user"), "is_superuser", False))
    url = f"{reverse('admin:do', args=[name])}?id={target_id}"
    return {"url": url, "label": label, "may": may, "is_main": is_main}


@register.simple_tag(takes_context=True)
def show_sheet(context: template.Context, sheet: Sheet) -> str:
    """An app's own table or list."""
    return render_to_string(
        sheet.template, {**sheet.context, "user": context.get("user")}, request=context["request"]
    )
