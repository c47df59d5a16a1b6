"""Search across tenants: each app's module `console` declares what it finds with `@finder`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

SHORTEST = 2
MOST = 20


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Something that was found, and its page."""

    label: str
    note: str
    url: str


Find = Callable[[str], Iterable[Hit]]

_finders: dict[str, Find] = {}


def finder(title: str) -> Callable[[Find], Find]:
    """Declare a function that finds things by a text, the best first, at most MOST."""

    def declare(function: Find) -> Find:
        _finders[title] = function
        return function

    return declare


def search(text: str) -> list[tuple[str, list[Hit]]]:
    """What every app finds, by kind; kinds without a hit are left out."""
    if len(text) < SHORTEST:
        return []
    found = [(title, list(find(text))) for title, find in _finders.items()]
    return [(title, hits) for title, hits in found if hits]
