"""The operator's side of privacy: backups and due requests on the home page, backups, exports, deeds."""

from gdpr.console import backup_pages, deeds, exports, facts

__all__ = ["backup_pages", "deeds", "exports", "facts"]
