"""One provider after the other: the chosen one, those behind it, and what is made here. Says who stood in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from rendering.media.errors import MediaCrashed, MediaError, MediaTimeout
from rendering.providers import Provider
from rendering.providers.errors import PASSING, Postponed, ProviderError

# A rest that is over this soon is waited for rather than replaced.
SHORT_REST_SECONDS = 60.0
LONG_REST_SECONDS = 30.0

P = TypeVar("P", bound=Provider)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How a step stands. `left_seconds` is what it may still spend waiting; `is_waiting` that its project
    would rather wait than take a stand-in; `is_last_try` that it has failed as often as it may.
    """

    is_last_try: bool
    is_waiting: bool
    left_seconds: float


@dataclass(frozen=True, kw_only=True)
class Made:
    """What was made, by whom, and in one sentence why not by the first choice; empty when it was."""

    provider: str
    value: Any
    degraded: str = ""


def first_of(
    providers: Sequence[P],
    make: Callable[[P], Any],
    *,
    patience: Patience,
    again: Callable[[], None],
) -> Made:
    """Let the first provider that can make something. `again` is called before each one but the first.

    Raises Postponed when it is better to wait, the first one's error while trying it again may help, and the
    last one's when nobody could.
    """
    reasons: list[str] = []
    for place, provider in enumerate(providers):
        if place:
            again()
        try:
            value = make(provider)
        except (MediaError, MediaCrashed, MediaTimeout) as error:
            if place == 0:
                _wait_or_retry(error, patience)
            if place == len(providers) - 1:
                raise
            reasons.append(_reason(provider, error))
            continue
        return Made(provider=provider.name, value=value, degraded=" ".join(reasons))
    raise LookupError("no provider")


def _wait_or_retry(error: Exception, patience: Patience) -> None:
    """Raise what makes the engine come back to this step, unless a stand-in is due."""
    if not isinstance(error, ProviderError):
        if patience.is_last_try or (isinstance(error, MediaError) and not error.retryable):
            return
        raise error
    wish = error.retry_after_seconds
    is_short = wish is not None and wish <= min(SHORT_REST_SECONDS, patience.left_seconds)
    if is_short and error.fault in PASSING:
        raise Postponed(error.detail, seconds=wish or 0.0) from error
    if error.retryable and not patience.is_last_try and (wish or 0) <= SHORT_REST_SECONDS:
        raise error
    if patience.is_waiting and error.fault in PASSING and patience.left_seconds > 0:
        seconds = min(wish or LONG_REST_SECONDS, max(patience.left_seconds, 1.0))
        raise Postponed(error.detail, seconds=seconds) from error


def _reason(provider: Provider, error: Exception) -> str:
    if isinstance(error, MediaError):
        return error.detail
    return f"{provider.name} did not finish."
