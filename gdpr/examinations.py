"""What the doctor looks at in this room: whether a backup would help today."""

from __future__ import annotations

from collections.abc import Iterator

from cutroom import clock
from cutroom.conf import is_production
from cutroom.doctor import Finding, broken, examination, note, ok
from gdpr.backups.status import status

_CURE = "Run: python manage.py backup, then python manage.py verify_backup. Beat makes one a day."


@examination("backups")
def backups() -> Iterator[Finding]:
    """Recent, and verified."""
    now = status(clock.now())
    for reason in now.reasons:
        yield broken(reason, cure=_CURE) if is_production() else note(reason, cure=_CURE)
    for remark in now.remarks:
        yield note(remark)
    if not now.reasons:
        yield ok(f"The last backup is of {now.last_backup_at:%Y-%m-%d %H:%M} UTC.")
