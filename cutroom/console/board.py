"""The home page of the console, put together from what each app declares with `@part`.

A part reads across tenants as the ops role, in few queries: the home page of all apps together has a budget.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cutroom.console.charts import Chart

logger = logging.getLogger(__name__)

# The order of the page; an app may fill any of them.
GROUPS = {"money": "Money", "work": "Work, 24 hours", "tenants": "Tenants"}


@dataclass(frozen=True, kw_only=True)
class Concern:
    """Something that needs a person: what, where, why and since when. `deed` is the word on its button.

    `area` is the entry of the navigation that counts it, `runbook` the page of docs/runbooks about it.
    """

    what: str
    where: str
    url: str
    why: str = ""
    since: datetime | None = None
    is_grave: bool = True
    deed: str = "Look"
    area: str = ""
    runbook: str = ""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number with its unit, a remark, and the list behind it."""

    title: str
    value: str
    note: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table or list of an app's own: a template and what it shows."""

    template: str
    context: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Health:
    """Does something the product depends on answer?"""

    name: str
    is_ok: bool
    note: str = ""


@dataclass(kw_only=True)
class Part:
    """What one app has to say on the home page. `figures` by the names of GROUPS."""

    concerns: list[Concern] = field(default_factory=list)
    figures: dict[str, list[Figure]] = field(default_factory=dict)
    charts: list[Chart] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    health: list[Health] = field(default_factory=list)


Declare = Callable[[datetime], Part]

_parts: dict[str, Declare] = {}


def part(name: str) -> Callable[[Declare], Declare]:
    """Declare what an app has to say on the home page."""

    def declare(function: Declare) -> Declare:
        _parts[name] = function
        return function

    return declare


def home(at: datetime) -> dict[str, Any]:
    """Everything on the home page: grave concerns first, the older first among equals."""
    parts = [_carefully(name, function, at) for name, function in _parts.items()]
    concerns = [concern for each in parts for concern in each.concerns]
    concerns.sort(key=lambda concern: (not concern.is_grave, concern.since or at))
    groups = [(name, title, list(_figures(parts, name))) for name, title in GROUPS.items()]
    return {
        "at": at,
        "concerns": concerns,
        "groups": [group for group in groups if group[2]],
        "charts": [chart for each in parts for chart in each.charts],
        "sheets": [sheet for each in parts for sheet in each.sheets],
        "health": [health for each in parts for health in each.health],
    }


def _figures(parts: list[Part], group: str) -> Iterator[Figure]:
    for each in parts:
        yield from each.figures.get(group, [])


def _carefully(name: str, function: Declare, at: datetime) -> Part:
    """What cannot be read is itself a concern; the other apps are still shown."""
    try:
        return function(at)
    except Exception as error:  # whatever it is, an operator must see the rest of the page
        logger.exception("console_part_failed", extra={"part": name})
        why = f"{type(error).__name__}; the log of the web process has the rest"
        what = "Could not be read"
        return Part(concerns=[Concern(what=what, where=name.capitalize(), url="", why=why, deed="")])
