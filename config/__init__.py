"""The roof: settings, URLs, Celery and the server entry points. Imported by nobody."""

import gc

from config.celery import app as celery_app

__all__ = ["celery_app"]

# Reading in a few thousand modules makes no garbage, and looking for it took a third of every start. It is on
# again once the apps are there (config/apps.py).
gc.disable()
