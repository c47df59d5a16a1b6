"""Start-up checks of the ground floor: what no production installation may do."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from cutroom import conf

FEWEST_DIFFERENT_CHARACTERS = 12


@register(Tags.security, deploy=True)
def debug_is_off(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """DEBUG shows everybody how the product works inside."""
    if not conf.is_debug():
        return []
    return [Error("DEBUG is on.", hint="Set DEBUG=false.", id="cutroom.E001")]


@register(Tags.security, deploy=True)
def secrets_are_strong(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Keys are long and random, and no placeholder."""
    problems: list[CheckMessage] = []
    for name, value, shortest in conf.secrets():
        if value and weakness(value, shortest=shortest):
            hint = f"Set {name} to the output of: openssl rand -base64 48"
            problems.append(
                Error(f"{name} {weakness(value, shortest=shortest)}.", hint=hint, id="cutroom.E002")
            )
    return problems


@register(Tags.security, deploy=True)
def addresses_are_real(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Links in mails point to an HTTPS address, and the Host header is judged."""
    problems: list[CheckMessage] = []
    if not conf.site_url().startswith("https://"):
        hint = "Set SITE_URL to the address people use, such as https://cutroom.example."
        problems.append(Error("SITE_URL is not an HTTPS address.", hint=hint, id="cutroom.E003"))
    if "*" in conf.allowed_hosts():
        hint = "Set ALLOWED_HOSTS to the host names of the site."
        problems.append(Error("ALLOWED_HOSTS lets any host name in.", hint=hint, id="cutroom.E004"))
    return problems


@register()
def traces_are_found_by_id(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A link to a trace is an address of the web and says which trace."""
    url = conf.trace_url()
    if not url or (url.startswith(("https://", "http://")) and "{trace_id}" in url):
        return []
    hint = "Set TRACE_URL to an address such as https://jaeger.example/trace/{trace_id}, or leave it empty."
    return [Error("TRACE_URL is no address with {trace_id} in it.", hint=hint, id="cutroom.E005")]


def weakness(secret: str, *, shortest: int) -> str:
    """Why a secret could be guessed; empty when it could not."""
    if len(secret) < shortest:
        return f"is shorter than {shortest} characters"
    if len(set(secret)) < FEWEST_DIFFERENT_CHARACTERS:
        return "has too few different characters to be random"
    if "change" in secret.lower() or secret.lower().startswith("django-insecure"):
        return "is a placeholder"
    return ""
