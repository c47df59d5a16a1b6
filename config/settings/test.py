"""Tests: as development, in a database of its own, as the app role."""

import os

os.environ.setdefault("DEBUG", "false")
from cutroom.environment import load_test

load_test()

from config.settings.base import *  # noqa: E402, F403  # the environment must be complete first

CUTROOM_PRODUCTION = False
SECURE_SSL_REDIRECT = False
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405  # from base
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ACCOUNTS_SHOW_MAGIC_LINK = True
WHITENOISE_AUTOREFRESH = True
for _alias in ("default", "ops"):
    DATABASES[_alias]["TEST"] = {"MIRROR": "owner"}  # noqa: F405  # from base
DATABASES["owner"]["TEST"] = {"DEPENDENCIES": []}  # noqa: F405  # from base

# Tests of payments put the stand-in behind the SDK themselves; the key opens nothing.
STRIPE_TEST_SECRET_KEY = "sk_test_TheStandInMovesNoMoney00"  # noqa: S105  # opens nothing

# Faults are tested in seconds, not minutes.
RENDERING_RETRY_BASE_SECONDS = 0.2
RENDERING_DOORBELL_PATIENCE_SECONDS = 2

# No worker runs beside most tests, so nobody waits for one.
GDPR_EXPORT_WAIT_SECONDS = 0
