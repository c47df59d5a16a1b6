"""ASGI entry point."""

import os

from django.core.asgi import get_asgi_application

from cutroom.boot import refuse_unsafe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")

application = get_asgi_application()
refuse_unsafe()
