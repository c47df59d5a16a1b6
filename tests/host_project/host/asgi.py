"""The web. In production it refuses to start with a weak secret or a database role that is too strong."""

import os

from django.core.asgi import get_asgi_application

from cutroom.boot import refuse_unsafe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "host.settings")

application = get_asgi_application()
refuse_unsafe()
