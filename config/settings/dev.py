"""Development: the embedded services, mail on a page, cookies over plain HTTP."""

import os

from cutroom.environment import load_development

load_development()

from config.settings.base import *  # noqa: E402, F403  # the environment must be complete first

CUTROOM_PRODUCTION = False
DEBUG = os.environ.get("DEBUG", "true").lower() == "true"
ACCOUNTS_SHOW_MAGIC_LINK = DEBUG
GDPR_CREATES_BACKUP_KEYS = DEBUG
EMAIL_BACKEND = "accounts.mail_backends.DevelopmentBackend"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405  # from base
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# The worker prints mails with their sign-in links; Celery would log them, and the log hides links.
CELERY_WORKER_REDIRECT_STDOUTS = False
SECURE_SSL_REDIRECT = False
CUTROOM_OUTGOING_PRIVATE = DEBUG

if DEBUG and not STRIPE_API_KEY:  # noqa: F405  # from base
    # No account, no key, no network: a Stripe of our own answers the SDK (billing/standin).
    BILLING_TRANSPORT = "billing.standin.transport.StandIn"
    BILLING_CLOCK = "billing.standin.clock.now"
    STRIPE_TEST_SECRET_KEY = "sk_test_TheStandInMovesNoMoney00"  # noqa: S105  # opens nothing
