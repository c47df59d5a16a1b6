"""The operator's side of accounts: mail on the home page, members of a tenant, the audit log, acting as."""

from accounts.console import audit_pages, deeds, facts, panels

__all__ = ["audit_pages", "deeds", "facts", "panels"]
