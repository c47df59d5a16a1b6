"""Lists of the console: rows of all tenants, fifty a page, without counting them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest

PAGE_ROWS = 50
_MOST_PAGES = 200


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One way to look at a list, such as "failed"; `is_chosen` marks the present one."""

    value: str
    label: str
    url: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One page of rows, and the addresses of the pages beside it; empty where there is none."""

    rows: list[Any]
    number: int
    newer: str
    older: str


def page_of(request: HttpRequest, rows: QuerySet[Any] | Sequence[Any]) -> Listing:
    """The page that `?page=` asks for; the first for anything else."""
    asked = request.GET.get("page", "1")
    number = min(max(int(asked), 1), _MOST_PAGES) if asked.isdecimal() else 1
    start = (number - 1) * PAGE_ROWS
    found = list(rows[start : start + PAGE_ROWS + 1])
    has_more = len(found) > PAGE_ROWS
    return Listing(
        rows=found[:PAGE_ROWS],
        number=number,
        newer=_address(request, page=number - 1) if number > 1 else "",
        older=_address(request, page=number + 1) if has_more and number < _MOST_PAGES else "",
    )


def choices(request: HttpRequest, name: str, options: Sequence[tuple[str, str]]) -> list[Choice]:
    """The choices of one parameter, the first for an address without it. Keeps the other parameters."""
    chosen = request.GET.get(name, "")
    known = [value for value, _ in options]
    if chosen not in known:
        chosen = known[0]
    return [
        Choice(value=value, label=label, url=_address(request, **{name: value}), is_chosen=value == chosen)
        for value, label in options
    ]


def chosen_of(found: Sequence[Choice]) -> str:
    """The value of the choice that is made."""
    return next(each.value for each in found if each.is_chosen)


def _address(request: HttpRequest, **changes: Any) -> str:
    kept = {name: value for name, value in request.GET.items() if name != "page" and value}
    merged = {name: value for name, value in {**kept, **changes}.items() if value not in ("", 1)}
    return f"?{urlencode(merged)}"
