"""Pages of the console beside its tables, and its navigation, as the apps' modules `console` declare them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page under /admin/: its route, the name for `reverse("admin:…")`, and its view."""

    route: str
    name: str
    view: View


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry of the navigation. `area` begins the addresses that it marks as current, such as `jobs`."""

    label: str
    icon: str
    name: str
    area: str
    order: int


_pages: dict[str, Page] = {}
_entries: dict[str, Entry] = {}


def page(route: str, *, name: str) -> Callable[[View], View]:
    """Declare a view as a page of the console. Only staff get there, after a second factor."""

    def declare(view: View) -> View:
        _pages[name] = Page(route=route, name=name, view=view)
        return view

    return declare


def entry(*, label: str, icon: str, name: str, area: str, order: int) -> None:
    """Put a page into the navigation; small `order` first."""
    _entries[name] = Entry(label=label, icon=icon, name=name, area=area, order=order)


def pages() -> list[Page]:
    """Every declared page."""
    return list(_pages.values())


def entries() -> list[Entry]:
    """The navigation in order."""
    return sorted(_entries.values(), key=lambda each: each.order)


def area_of(request: HttpRequest, home: str) -> str:
    """The entry of the navigation that an address belongs to; empty for home, its first part for others."""
    place = request.path.removeprefix(home)
    found = (each.area for each in entries() if place.startswith(f"{each.area}/"))
    return next(found, place.partition("/")[0])
