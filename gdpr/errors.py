"""What the gdpr app refuses."""

from __future__ import annotations

from cutroom.errors import Conflict, DomainError, RateLimited


class ExportGone(DomainError):
    """An export is kept for 24 hours; then its file is deleted."""

    code = "export-gone"
    status = 410
    title = "This export has expired. Ask for a new one."


class ExportFailed(Conflict):
    """The archive could not be made; the export's `error` says why."""

    code = "export-failed"
    title = "This export could not be made. Ask for a new one."


class TooManyExports(RateLimited):
    """A day has room for a few exports, as each takes much work."""

    code = "too-many-exports"
    title = "That is enough exports for one day"
