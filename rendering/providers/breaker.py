"""One circuit breaker a provider, shared by all workers through the database.

Closed: everybody may ask. After FAILURES failures in a row it opens and nobody asks for a while, twice as
long each time. Then one worker may try; its answer closes or opens it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, models

from cutroom import clock
from rendering.providers.errors import RESTING, ProviderError
from rendering.providers.models import ProviderState

FAILURES = 5
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 30.0, 600.0
# How long the one that tries has; a worker that dies in it leaves the next try to another.
_TRIAL_SECONDS = 60.0

# Counting, opening and doubling in one statement: any number of workers fail at once.
_FAIL = """
INSERT INTO rendering_providerstate AS s
  (name, failures, rests, rests_until, error_code, error, failed_at)
VALUES (%(name)s, 1, CASE WHEN %(rest)s > 0 THEN 1 ELSE 0 END,
        CASE WHEN %(rest)s > 0 THEN %(at)s + make_interval(secs => %(rest)s) END,
        %(code)s, %(error)s, %(at)s)
ON CONFLICT (name) DO UPDATE SET
  failures = s.failures + 1,
  error_code = excluded.error_code, error = excluded.error, failed_at = excluded.failed_at,
  rests = CASE WHEN %(rest)s > 0 OR s.failures + 1 >= %(most)s THEN s.rests + 1 ELSE s.rests END,
  rests_until = CASE
    WHEN %(rest)s > 0 OR s.failures + 1 >= %(most)s THEN greatest(s.rests_until, %(at)s + make_interval(
      secs => greatest(%(rest)s, least(%(first)s * 2 ^ least(s.rests, 10), %(longest)s))))
    ELSE s.rests_until END
"""


def admit(name: str) -> None:
    """Let a call through, or raise ProviderError (resting) with the seconds until the next try."""
    state = ProviderState.objects.filter(name=name).exclude(rests_until=None).first()
    if state is None or state.rests_until is None:
        return
    at = clock.now()
    if state.rests_until <= at and _take_trial(name, state.rests_until):
        return
    wait = max(1.0, (state.rests_until - at).total_seconds())
    detail = f"{name} is not asked at present: {state.error or 'it failed too often.'}"
    raise ProviderError(RESTING, detail, retry_after_seconds=wait)


def note_success(name: str) -> None:
    """It answered: close the breaker. Writes only when there is something to change."""
    at = clock.now()
    stale = models.Q(succeeded_at=None) | models.Q(succeeded_at__lt=at - timedelta(minutes=1))
    troubled = models.Q(failures__gt=0) | models.Q(rests_until__isnull=False)
    known = ProviderState.objects.filter(stale | troubled, name=name)
    changed = known.update(failures=0, rests=0, rests_until=None, error="", error_code="", succeeded_at=at)
    if not changed:
        row = ProviderState(name=name, succeeded_at=at)
        ProviderState.objects.bulk_create([row], ignore_conflicts=True)


def note_failure(name: str, *, code: str, error: str, rest_seconds: float | None = None) -> None:
    """It failed. `rest_seconds` opens the breaker at once, for that long at least."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FAIL,
            {
                "name": name,
                "rest": float(rest_seconds or 0),
                "most": FAILURES,
                "first": FIRST_REST_SECONDS,
                "longest": LONGEST_REST_SECONDS,
                "at": clock.now(),
                "code": code,
                "error": error[:300],
            },
        )


def failing() -> Sequence[ProviderState]:
    """Providers that rest or whose last call failed, for the console: name, since when, why, until when."""
    troubled = models.Q(failures__gt=0) | models.Q(rests_until__isnull=False)
    return list(ProviderState.objects.filter(troubled).order_by("name"))


def _take_trial(name: str, seen: datetime) -> bool:
    """Exactly one of those who see the rest ended moves its end forward."""
    mine = ProviderState.objects.filter(name=name, rests_until=seen)
    return bool(mine.update(rests_until=clock.now() + timedelta(seconds=_TRIAL_SECONDS)))
