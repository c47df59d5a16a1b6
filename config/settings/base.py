"""Production settings. No secret has a default: a missing one stops the start and names its variable.

Every variable is described in `.env.example`, and each may be given as NAME_FILE instead (a file to read).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from config.settings.api import *  # noqa: F403  # settings are read by name
from config.settings.backups import *  # noqa: F403  # settings are read by name
from config.settings.beat import *  # noqa: F403  # settings are read by name
from config.settings.celery import *  # noqa: F403  # settings are read by name
from config.settings.celery import REDIS_URL
from config.settings.databases import *  # noqa: F403  # settings are read by name
from config.settings.environment import env
from config.settings.mail import *  # noqa: F403  # settings are read by name
from config.settings.media import media_store
from config.settings.payments import *  # noqa: F403  # settings are read by name
from config.settings.plans import *  # noqa: F403  # settings are read by name
from config.settings.privacy import *  # noqa: F403  # settings are read by name
from config.settings.providers import *  # noqa: F403  # settings are read by name
from config.settings.sign_in import *  # noqa: F403  # settings are read by name
from config.settings.youtube import *  # noqa: F403  # settings are read by name
from config.settings.youtube import YOUTUBE_FORM_ACTIONS
from cutroom import metric_files, reporting, tracing

BASE_DIR = Path(__file__).resolve().parent.parent.parent


# --- Core
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
SIGNING_KEY = env.str("SIGNING_KEY", default="")
SIGNING_KEYS_RETIRED = env.list("SIGNING_KEYS_RETIRED", default=[])
SITE_URL = env.str("SITE_URL").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
# True here and nowhere else: a production process refuses to start with unsafe settings.
CUTROOM_PRODUCTION = True
CUTROOM_VAR = Path(env.str("CUTROOM_VAR", default=str(BASE_DIR / "var")))

INSTALLED_APPS = [
    "cutroom.console.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "cutroom",
    "django_prometheus",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "anymail",
    "tenants",
    "accounts",
    "metering",
    "billing",
    "rendering",
    "gdpr",
    "djstripe",
    "config",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "cutroom.middleware.RequestIdMiddleware",
    "cutroom.middleware.ProbeMiddleware",
    "cutroom.middleware.AdmissionMiddleware",
    "cutroom.front_door.AddressMiddleware",
    "cutroom.front_door.CookieCacheMiddleware",
    "cutroom.middleware.TraceMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.rate_headers.RateLimitHeadersMiddleware",
    "tenants.middleware.TenantMiddleware",
    "accounts.acting_middleware.ActingMiddleware",
    "accounts.second_factor.middleware.SecondFactorMiddleware",
    "tenants.idempotency.IdempotencyMiddleware",
    "cutroom.middleware.RefusalMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cutroom.pages.site",
            ],
        },
    }
]

# --- Models
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIGRATION_MODULES = {"djstripe": "billing.djstripe_migrations"}

# --- Cache
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cutroom",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

# --- Storage
STORAGES = {
    "default": media_store(CUTROOM_VAR),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

# --- Tenants
# Paths whose views ask Stripe, or wait for an export: no transaction may stay open meanwhile.
TENANTS_OWN_TRANSACTIONS = (
    "/account/youtube",
    # A deed has a transaction for each tenant it touches.
    "/admin/do/",
    "/api/v1/uploads/",
    "/api/account/export",
    "/api/billing/checkout",
    "/api/billing/portal",
    "/api/billing/webhook/",
    "/billing/",
    "/dev/checkout/",
)
# A workspace that is to be deleted is read-only: it can be kept, and taken along, until then.
TENANTS_OPEN_WHILE_DELETING = (
    "/account/exports",
    "/account/keep-workspace",
    "/account/undo-delete",
    "/account/confirm",
    "/account/devices/",
    "/api/account/export",
    "/api/account/undo-delete",
    "/api/auth/",
    "/login",
    "/logout",
    "/theme",
    "/workspaces",
)
TENANTS_ENTITLEMENTS = "metering.entitlements.for_tenant"
# What roles and keys of API clients are about.
TENANTS_PRODUCT = {
    "scope": "videos",
    "may": "write scripts; render, watch, download and delete videos",
    "reads": "read projects and scripts, watch and download videos",
    "writes": "change projects and scripts; render, upload and delete",
    "promise": "Write a script, get a film.",
}
# What webhook endpoints may subscribe to; each is announced by the app it is named after.
TENANTS_WEBHOOK_EVENTS = {
    "render.succeeded": "A video is ready",
    "render.degraded": "A video is ready, but something in it was replaced",
    "render.failed": "A render has failed",
    "export.ready": "An export of the workspace can be fetched",
    "subscription.updated": "What the workspace pays for has changed",
    "usage.threshold": "A meter has reached 50, 80, 95 or 100 percent of its limit",
}
CUTROOM_OUTGOING_PRIVATE = env.bool("OUTGOING_PRIVATE", default=False)

# --- Rendering
RENDERING_SCAN_COMMAND = env.str("UPLOAD_SCAN_COMMAND", default="")
RENDERING_STEP_TIMEOUT_SECONDS = env.int("RENDERING_STEP_TIMEOUT_SECONDS", default=60)
RENDERING_LEASE_SECONDS = env.int("RENDERING_LEASE_SECONDS", default=30)
RENDERING_HEARTBEAT_SECONDS = env.float("RENDERING_HEARTBEAT_SECONDS", default=2.0)

# --- Security
SECURE_COOKIES = env.bool("SECURE_COOKIES", default=True)
SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_NAME = "__Host-session" if SECURE_COOKIES else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE_COOKIES else "csrf"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 30 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = SECURE_COOKIES
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
BEHIND_TLS_PROXY = env.bool("BEHIND_TLS_PROXY", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS_PROXY else None
SECURE_HSTS_SECONDS = 63072000 if SECURE_COOKIES else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "cutroom.problems.csrf_failure"

_SELF = "'self'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": [_SELF],
        "style-src": [_SELF],
        "img-src": [_SELF, "data:"],
        "media-src": [_SELF],
        "font-src": [_SELF],
        "connect-src": [_SELF],
        # A form POST that redirects to Stripe or Google is blocked unless the policy names it.
        "form-action": [
            _SELF,
            "https://checkout.stripe.com",
            "https://billing.stripe.com",
            *YOUTUBE_FORM_ACTIONS,
        ],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

# --- Uploads: larger files go to disk while they arrive
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
FILE_UPLOAD_TEMP_DIR = None

# --- Language and time
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]

# --- Logs and errors
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "cutroom.logs.JsonFormatter", "shows_errors": DEBUG}},
    "filters": {"route": {"()": "cutroom.logs.RouteFilter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # The access log has every refusal; here are faults.
        "django.request": {"filters": ["route"], "level": "ERROR"},
        # Scanners ask for any host name; the answer is 400, and nobody needs to be told.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # It logs the credential id of each passkey used.
        "fido2": {"level": "WARNING"},
    },
}
SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    reporting.start(SENTRY_DSN)

# --- Metrics and traces
CUTROOM_WORKER_PORT = env.int("WORKER_PORT", default=0)
CUTROOM_METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
if _metric_files := env.str("PROMETHEUS_MULTIPROC_DIR", default=""):
    metric_files.share(Path(_metric_files))
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
CUTROOM_TRACE_URL = env.str("TRACE_URL", default="")
if OTEL_EXPORTER_OTLP_ENDPOINT:
    tracing.export()
