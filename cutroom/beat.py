"""The scheduler of periodic tasks. It keeps no file: each task asks the database whether there is work."""

from __future__ import annotations

from datetime import timedelta

from celery.beat import Scheduler
from celery.schedules import schedule

# The first requests and renders after a start come before the housekeeping.
_QUIET = timedelta(minutes=2)


class ForgetfulScheduler(Scheduler):
    """Rings for everything soon after its start, then in its rhythm.

    Celery's own scheduler keeps its times in a file, which may be corrupt, or missing after each deploy; then
    an hourly task of a beat that is restarted more often is never rung for.
    """

    def setup_schedule(self) -> None:
        """Make every interval due after a short while at most; a time of day stays one."""
        super().setup_schedule()
        for entry in self.schedule.values():
            if isinstance(entry.schedule, schedule):
                interval: timedelta = entry.schedule.run_every  # type: ignore[attr-defined]  # missing in the stubs
                entry.last_run_at = entry.default_now() - interval + min(interval, _QUIET)
