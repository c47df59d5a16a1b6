"""The operator's side of tenants: the list, the page of one with panels of every app, and deeds."""

from tenants.console import deed_views, facts, tenant_deeds, tenant_pages, webhooks

__all__ = ["deed_views", "facts", "tenant_deeds", "tenant_pages", "webhooks"]
