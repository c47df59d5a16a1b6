"""ASGI entry point."""

import os

from django.core.asgi import get_asgi_application

from cutroom.admission import Admission
from cutroom.boot import refuse_unsafe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")

_django = get_asgi_application()
refuse_unsafe()

from cutroom import conf  # noqa: E402  # settings are there only now

application = Admission(_django, places=conf.places(), patience_seconds=conf.patience_seconds())
