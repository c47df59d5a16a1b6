"""Settings of the host project. What begins with an app's name is that app's; the rest is Django's."""

import os
from pathlib import Path
from typing import Any

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = os.environ.get("DEBUG", "false") == "true"
SECRET_KEY = os.environ["SECRET_KEY"]
SITE_URL = os.environ["SITE_URL"]
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "127.0.0.1").split(",")

# --- Apps: yours, then Cutroom's without `rendering`
INSTALLED_APPS = [
    "letters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "anymail",
    "cutroom",
    "tenants",
    "accounts",
    "metering",
    "billing",
    "gdpr",
    "djstripe",
]
MIDDLEWARE = [
    "cutroom.middleware.RequestIdMiddleware",
    "cutroom.middleware.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "tenants.middleware.TenantMiddleware",
    "accounts.second_factor.middleware.SecondFactorMiddleware",
    "tenants.idempotency.IdempotencyMiddleware",
    "cutroom.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "host.urls"
APPEND_SLASH = False
STATIC_URL = "/static/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIGRATION_MODULES = {"djstripe": "billing.djstripe_migrations"}
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cutroom.pages.site",
            ]
        },
    }
]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.http.PrincipalAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.permissions.HasCapability"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["cutroom.parsers.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "cutroom.pagination.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "cutroom.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}

# --- Database: one, by three roles (deploy/postgres/roles.sql). The app's role must not own tables.
DATABASES = {
    "default": environ.Env().db_url("DATABASE_URL"),
    "ops": environ.Env().db_url("DATABASE_OPS_URL"),
    "owner": environ.Env().db_url("DATABASE_OWNER_URL"),
}
DATABASE_ROUTERS = ["tenants.routers.RoleOfModel"]

# --- Redis, files, background work
REDIS_URL = os.environ["REDIS_URL"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
CUTROOM_VAR = Path(os.environ["CUTROOM_VAR"])
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": CUTROOM_VAR / "media"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_IGNORE_RESULT = True
CELERY_BEAT_SCHEDULE = {
    "accounts.deliver_mail": {"task": "accounts.deliver_mail", "schedule": 15.0},
    "metering.release_expired": {"task": "metering.release_expired", "schedule": 60.0},
    "metering.announce": {"task": "metering.announce", "schedule": 60.0},
    "tenants.seal_audit": {"task": "tenants.seal_audit", "schedule": 900.0},
    "billing.remind_past_due": {"task": "billing.remind_past_due", "schedule": 3600.0},
    "gdpr.sweep_exports": {"task": "gdpr.sweep_exports", "schedule": 20.0},
    "gdpr.erase": {"task": "gdpr.erase", "schedule": 60.0},
    "gdpr.purge": {"task": "gdpr.purge", "schedule": 24 * 3600.0},
}

# --- Tenants and accounts
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/login"
TENANTS_RESOLVERS = ["accounts.resolvers.from_bearer", "accounts.resolvers.from_page_session"]
TENANTS_STORAGE_AREAS = ("exports", "audit")
TENANTS_ENTITLEMENTS = "metering.entitlements.for_tenant"
TENANTS_PRODUCT = {
    "scope": "letters",
    "may": "write, read and delete letters",
    "reads": "read letters",
    "writes": "write and delete letters",
    "promise": "Write a letter, get an answer.",
}
# Their views ask Stripe or wait for an export, so they open transactions of their own.
TENANTS_OWN_TRANSACTIONS = (
    "/api/account/export",
    "/api/billing/checkout",
    "/api/billing/portal",
    "/api/billing/webhook/",
    "/billing/",
    "/dev/checkout/",
)
TENANTS_LASTING_REFUSALS = ("/api/auth/", "/login", "/logout", "/account/confirm", "/account/security")
JWT_SECRET = os.environ["JWT_SECRET"]
MAGIC_LINK_FROM = DEFAULT_FROM_EMAIL = "Letters <hello@letters.example>"
ACCOUNTS_SHOW_MAGIC_LINK = DEBUG
ACCOUNTS_SECOND_FACTOR_EXEMPT = ("/account/security", "/account/confirm", "/login", "/logout", "/api/auth/")
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
SECURE_COOKIES = not DEBUG
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES

# --- Meters and plans: yours
METERING_METERS = {"letters_count": {"label": "letters"}}
METERING_ENTITLEMENTS = "billing.entitlements.for_tenant"
METERING_PLANS = {
    "free": {"limits": {"letters_count": 3}, "features": []},
    "pro": {"limits": {"letters_count": 100}, "features": ["letterhead"]},
}
BILLING_PRICES = {"free": 0, "pro": 900}
BILLING_FEATURES = {"letterhead": "Letterhead"}

# --- Stripe: without a key a stand-in that moves no money
STRIPE_LIVE_SECRET_KEY = os.environ.get("STRIPE_API_KEY", "")
STRIPE_LIVE_MODE = bool(STRIPE_LIVE_SECRET_KEY)
STRIPE_TEST_SECRET_KEY = "" if STRIPE_LIVE_MODE else "sk_test_TheStandInMovesNoMoney00"
STRIPE_API_VERSION = "2026-05-27.dahlia"
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
DJSTRIPE_SUBSCRIBER_MODEL = "tenants.Tenant"
DJSTRIPE_SUBSCRIBER_MODEL_MIGRATION_DEPENDENCY = "0001_initial"
if DEBUG and not STRIPE_LIVE_MODE:
    BILLING_TRANSPORT = "billing.standin.transport.StandIn"
    BILLING_CLOCK = "billing.standin.clock.now"

# --- Privacy
GDPR_CONTROLLER = {
    "name": "Letters Ltd",
    "address": "1 Mill Lane",
    "contact": "privacy@letters.example",
    "officer": "",
    "authority": "",
    "hosting": "",
}
CUTROOM_PRODUCTION = not DEBUG
