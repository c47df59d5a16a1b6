"""The operator's side of metering: what home says of usage, panels of a tenant, requests, deeds on limits."""

from metering.console import deeds, facts, panels, requests

__all__ = ["deeds", "facts", "panels", "requests"]
