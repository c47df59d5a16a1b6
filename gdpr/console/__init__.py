"""The operator's side of privacy: backups and due requests on the home page, the page of backups, deeds."""

from gdpr.console import backup_pages, deeds, facts

__all__ = ["backup_pages", "deeds", "facts"]
