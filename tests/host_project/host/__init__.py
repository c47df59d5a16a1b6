"""A product of its own that takes everything from Cutroom but the videos."""

from host.celery import app

__all__ = ["app"]
