"""The operator's side of privacy: backups and due requests on the home page, and the page of backups."""

from gdpr.console import backup_pages, facts

__all__ = ["backup_pages", "facts"]
