"""The operator's side of billing: money on the home page, a tenant's plan, Stripe's webhooks, and deeds."""

from billing.console import deeds, facts, panels, tables

__all__ = ["deeds", "facts", "panels", "tables"]
