"""Start-up checks of the accounts app: what would make sign-in unsafe."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from accounts import conf

SHORTEST_SECRET = 32
MAIL_PROVIDERS = ("smtp", "ses", "sendgrid")


@register(Tags.security)
def secrets_are_strong(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """JWT_SECRET must be long and its own."""
    if len(settings.JWT_SECRET.encode()) < SHORTEST_SECRET:
        return [
            Error("JWT_SECRET is shorter than 32 bytes.", hint="openssl rand -hex 32", id="accounts.E001")
        ]
    if settings.JWT_SECRET == settings.SECRET_KEY:
        return [
            Error("JWT_SECRET is the same as SECRET_KEY.", hint="openssl rand -hex 32", id="accounts.E002")
        ]
    return []


@register(Tags.security, deploy=True)
def development_switches_are_off(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Nothing that helps a developer helps an attacker."""
    problems: list[CheckMessage] = []
    if conf.asks_to_show_magic_link():
        problems.append(Error("ACCOUNTS_SHOW_MAGIC_LINK is on in production.", id="accounts.E003"))
    if not conf.is_secure():
        problems.append(Error("SECURE_COOKIES is off in production.", id="accounts.E004"))
    return problems


@register(Tags.security)
def mail_provider_is_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """MAIL_PROVIDER must be one we can send with."""
    if conf.mail_provider() in MAIL_PROVIDERS:
        return []
    hint = f"One of {', '.join(MAIL_PROVIDERS)}."
    return [Error(f"MAIL_PROVIDER is {conf.mail_provider()!r}.", hint=hint, id="accounts.E006")]


@register(Tags.security, deploy=True)
def bounces_are_believed_from_the_provider_only(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without a secret anybody could have any address suppressed, so the endpoint stays closed."""
    if conf.mail_provider() == "smtp" or conf.has_mail_webhook_secret():
        return []
    hint = "Set MAIL_WEBHOOK_SECRET, or SENDGRID_WEBHOOK_KEY; see docs/deployment.md."
    return [Error("Nothing proves who reports bounces and complaints.", hint=hint, id="accounts.E007")]
