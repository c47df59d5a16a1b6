"""What the page and the list of tenants show, put together from what each app declares."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.text import slugify

from cutroom.console.board import Sheet
from tenants.models import Tenant

FIRST_TAB = "Overview"

Show = Callable[[Tenant, datetime], Sheet]
Cells = Callable[[Collection[UUID]], Mapping[UUID, str]]
Narrow = Callable[[], Any]


@dataclass(frozen=True, kw_only=True)
class View:
    """A way to look at the list of tenants: which ids, as a queryset; None is all of them."""

    name: str
    label: str
    ids: Narrow | None = None
    order: int = 0


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A part of a tenant's page, and the tab it is under."""

    show: Show
    order: int
    tab: str


_panels: dict[str, Panel] = {}
_columns: dict[str, tuple[int, Cells]] = {}
_views: dict[str, View] = {}


def panel(name: str, *, order: int, tab: str = FIRST_TAB) -> Callable[[Show], Show]:
    """Declare a part of a tenant's page. It runs inside the tenant's context; small `order` first."""

    def declare(function: Show) -> Show:
        _panels[name] = Panel(show=function, order=order, tab=tab)
        return function

    return declare


def column(title: str, *, order: int) -> Callable[[Cells], Cells]:
    """Declare a column of the list: texts by tenant, for the tenants of one page, in one query."""

    def declare(function: Cells) -> Cells:
        _columns[title] = (order, function)
        return function

    return declare


def view(name: str, label: str, *, order: int) -> Callable[[Narrow], Narrow]:
    """Declare a way to look at the list: a queryset of tenant ids, as the ops role."""

    def declare(function: Narrow) -> Narrow:
        _views[name] = View(name=name, label=label, ids=function, order=order)
        return function

    return declare


def views() -> list[View]:
    """All ways to look at the list, the whole of it first."""
    return [View(name="", label="All"), *sorted(_views.values(), key=lambda each: each.order)]


def tabs() -> list[tuple[str, str]]:
    """Tabs of a tenant's page as (name in the address, title), in the order of their first parts."""
    titles = dict.fromkeys(each.tab for each in _in_order())
    return [("" if title == FIRST_TAB else slugify(title), title) for title in titles]


def panels(tenant: Tenant, at: datetime, *, tab: str) -> Iterator[Sheet]:
    """Every part of a tenant's page under the tab of this title, in order."""
    return (each.show(tenant, at) for each in _in_order() if each.tab == tab)


def _in_order() -> list[Panel]:
    return sorted(_panels.values(), key=lambda each: each.order)


def columns(ids: Collection[UUID]) -> list[tuple[str, Mapping[UUID, str]]]:
    """Every column for these tenants, in order."""
    ordered = sorted(_columns.items(), key=lambda each: each[1][0])
    return [(title, cells(ids)) for title, (_, cells) in ordered]
