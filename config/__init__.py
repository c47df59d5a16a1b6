"""The roof: settings, URLs, Celery and the server entry points. Imported by nobody."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
