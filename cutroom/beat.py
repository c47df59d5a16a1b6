"""The scheduler of periodic tasks. It keeps no file: each task asks the database whether there is work."""

from __future__ import annotations

from datetime import UTC, datetime

from celery.beat import Scheduler

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class ForgetfulScheduler(Scheduler):
    """Rings for everything at its start, then in its rhythm.

    Celery's own scheduler keeps its times in a file, which may be corrupt, or missing after each deploy; then
    a daily task of a beat that is restarted daily is never rung for.
    """

    def setup_schedule(self) -> None:
        """Make every entry due."""
        super().setup_schedule()
        for entry in self.schedule.values():
            entry.last_run_at = _LONG_AGO
