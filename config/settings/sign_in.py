"""Sign-in: who people are, what their tokens are signed with, and where a second factor is not asked for."""

from __future__ import annotations

from config.settings.environment import env as _env

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "/login"
JWT_SECRET = _env.str("JWT_SECRET")
JWT_SECRET_PREVIOUS = _env.str("JWT_SECRET_PREVIOUS", default="")
JWT_EXPIRE_HOURS = _env.int("JWT_EXPIRE_HOURS", default=24)
TENANTS_RESOLVERS = ["accounts.resolvers.from_bearer", "accounts.resolvers.from_page_session"]
# Sign-in is nobody's tenant: a refusal there must not take back that a wrong code was counted.
TENANTS_LASTING_REFUSALS = (
    "/api/auth/magic-link/",
    "/api/auth/second-factor",
    "/account/confirm",
    "/account/security",
    "/api/auth/refresh",
    "/api/auth/logout",
    "/login",
    "/logout",
)
ACCOUNTS_SHOW_MAGIC_LINK = False
ACCOUNTS_SECOND_FACTOR_KEYS = [
    _env.str("SECOND_FACTOR_KEY", default=""),
    _env.str("SECOND_FACTOR_KEY_PREVIOUS", default=""),
]
# What a member needs to add a second factor, to show it, to go to another tenant, or to leave.
ACCOUNTS_SECOND_FACTOR_EXEMPT = (
    "/account/security",
    "/account/confirm",
    "/login",
    "/logout",
    "/team/leave",
    "/workspaces",
    "/invite",
    "/theme",
    "/problems",
    "/dev/",
    "/api/auth/",
    "/api/team/invites/accept",
    "/api/team/leave",
    "/api/schema",
    "/api/docs",
)
# API requests a minute: of a whole tenant, and of each of its keys.
ACCOUNTS_REQUEST_LIMITS = {
    "free": {"tenant": 1200, "key": 600},
    "pro": {"tenant": 6000, "key": 3000},
    "enterprise": {"tenant": 30_000, "key": 15_000},
}
# An operator who acts as a member: the work, and nothing about money, keys, people, export or deletion.
ACCOUNTS_ACTING_MAY_USE = (
    "/acting/",
    "/create",
    "/projects",
    "/renders",
    "/library",
    "/theme",
)
ACCOUNTS_ACTING_MAY_READ = ("/usage", "/team", "/account/audit", "/privacy", "/problems")
ACCOUNTS_TRUSTED_PROXIES = _env.list("TRUSTED_PROXIES", default=[])
# Scanners of public code that may report leaked API keys: id:key, id:key, … (docs/security.md).
ACCOUNTS_LEAK_REPORTERS = dict(
    entry.split(":", 1) for entry in _env.list("LEAK_REPORTERS", default=[]) if ":" in entry
)
