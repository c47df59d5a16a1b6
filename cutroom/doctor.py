"""Looks at everything an installation needs and says how to mend what is wrong.

Each app's module `examinations` declares its part with `@examination`; `manage.py doctor` runs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils.module_loading import autodiscover_modules

from cutroom.scrubbing import scrub


class State(StrEnum):
    """What a finding means: fine, worth knowing, or in need of mending."""

    OK = "ok"
    NOTE = "note"
    BROKEN = "broken"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence about one thing, and the cure unless it is fine."""

    state: State
    says: str
    cure: str = ""
    examination: str = ""


Examine = Callable[[], Iterable[Finding]]

_examinations: dict[str, Examine] = {}


def examination(name: str) -> Callable[[Examine], Examine]:
    """Declare a function that yields the findings of one part of the installation."""

    def declare(function: Examine) -> Examine:
        _examinations[name] = function
        return function

    return declare


def ok(says: str) -> Finding:
    """All is well."""
    return Finding(state=State.OK, says=says)


def note(says: str, *, cure: str = "") -> Finding:
    """Not wrong, but somebody may want to know or to improve it."""
    return Finding(state=State.NOTE, says=says, cure=cure)


def broken(says: str, *, cure: str) -> Finding:
    """Wrong, and what to do about it; the cure names the variable or the command."""
    return Finding(state=State.BROKEN, says=says, cure=cure)


def names() -> list[str]:
    """Every examination there is."""
    autodiscover_modules("examinations")
    return list(_examinations)


def examine(only: Collection[str] = ()) -> Iterator[Finding]:
    """The findings of all examinations, or of those named in `only`, one after the other."""
    for name in names():
        if not only or name in only:
            for finding in _carefully(name, _examinations[name]):
                yield Finding(
                    state=finding.state, says=scrub(finding.says), cure=finding.cure, examination=name
                )


def _carefully(name: str, examine: Examine) -> Iterator[Finding]:
    """An examination that breaks down is a finding; the others go on."""
    try:
        yield from examine()
    except Exception as error:  # what is being examined may fail in any way
        yield broken(
            f"Could not be examined: {type(error).__name__}.",
            cure=f"Mend what is broken above, then run `manage.py doctor --only {name}` again.",
        )
