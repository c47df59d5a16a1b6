"""WSGI entry point, for hosts that cannot serve ASGI; live events then fall back to polling."""

import os

from django.core.wsgi import get_wsgi_application

from cutroom.boot import refuse_unsafe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")

application = get_wsgi_application()
refuse_unsafe()
