"""Settings of the accounts app, read lazily so that tests can override them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

LINK_LIFE = timedelta(minutes=10)
KNOWN_LIFE = timedelta(days=365)
REFRESH_LIFE = timedelta(days=30)
SESSION_LIFE = timedelta(days=90)
REFRESH_GRACE = timedelta(seconds=10)
CODE_TRIES = 5
INVITATION_LIFE = timedelta(days=7)
INVITATIONS_AT_ONCE = 20
MAX_GRACE_HOURS = 168
CHALLENGE_LIFE = timedelta(minutes=10)
CHALLENGE_TRIES = 5
RECOVERY_CODES = 10
MOST_PASSKEYS = 20
RECENT_MINUTES = 10
KEY_RECENT_MINUTES = 15
CONSOLE_PATH = "/admin/"
# NIST SP 800-63B-3 section 4.2.3 asks to prove oneself again after 12 hours.
CONSOLE_PROOF_LIFE = timedelta(hours=12)
CONSOLE_DEEDS_PATH = "/admin/do/"
# Money, stepping into somebody's place, and closing a workspace.
CONSOLE_WEIGHTY_DEEDS = frozenset(
    {"act-as", "give-credits", "override-limit", "change-plan", "suspend", "delete-tenant"}
)


def access_life() -> timedelta:
    """JWT_EXPIRE_HOURS: life of an access token (24 hours)."""
    return timedelta(hours=int(getattr(settings, "JWT_EXPIRE_HOURS", 24)))


def signing_keys() -> list[str]:
    """JWT_SECRET signs; JWT_SECRET_PREVIOUS, when set, still verifies while it is rotated out."""
    return [key for key in (settings.JWT_SECRET, getattr(settings, "JWT_SECRET_PREVIOUS", "")) if key]


def site_url() -> str:
    """SITE_URL: where links point, never the Host header."""
    return str(settings.SITE_URL)


def site_host() -> str:
    """The host name of SITE_URL, for the headers of mails."""
    return urlsplit(site_url()).hostname or "localhost"


def is_development() -> bool:
    """DEBUG: development mail has a page, and limits per network let loopback pass."""
    return bool(settings.DEBUG)


def asks_to_show_magic_link() -> bool:
    """ACCOUNTS_SHOW_MAGIC_LINK: the wish to put the link into the API's answer."""
    return bool(getattr(settings, "ACCOUNTS_SHOW_MAGIC_LINK", False))


def shows_magic_link() -> bool:
    """Is the link put into the API's answer? It takes the setting and DEBUG: one slip gives nothing away."""
    return is_development() and asks_to_show_magic_link()


def secret_key() -> str:
    """SECRET_KEY: keys the digests of codes and API keys, and seals waiting mail."""
    return str(settings.SECRET_KEY)


def second_factor_keys() -> list[str]:
    """ACCOUNTS_SECOND_FACTOR_KEYS seal the secrets of authenticator apps: the first writes, all read.

    Without any it is SECRET_KEY.
    """
    return [key for key in getattr(settings, "ACCOUNTS_SECOND_FACTOR_KEYS", ()) if key] or [secret_key()]


def second_factor_exempt() -> tuple[str, ...]:
    """ACCOUNTS_SECOND_FACTOR_EXEMPT: path prefixes open to a member who still owes a second factor."""
    return tuple(settings.ACCOUNTS_SECOND_FACTOR_EXEMPT)


def acting_may_use() -> tuple[str, ...]:
    """ACCOUNTS_ACTING_MAY_USE: path prefixes open to an operator who acts as a member."""
    return tuple(getattr(settings, "ACCOUNTS_ACTING_MAY_USE", ("/acting/",)))


def acting_may_read() -> tuple[str, ...]:
    """ACCOUNTS_ACTING_MAY_READ: path prefixes that such an operator may only look at."""
    return tuple(getattr(settings, "ACCOUNTS_ACTING_MAY_READ", ()))


def redis_url() -> str:
    """REDIS_URL: where limits are counted."""
    return str(settings.REDIS_URL)


def sender() -> str:
    """MAGIC_LINK_FROM: who sign-in mails come from."""
    return str(settings.MAGIC_LINK_FROM)


def dkim_selector() -> str:
    """ACCOUNTS_DKIM_SELECTOR: name of the key that the mail server signs with; the doctor looks for it."""
    return str(getattr(settings, "ACCOUNTS_DKIM_SELECTOR", ""))


def mail_dir() -> Path:
    """Where development mail is kept, under CUTROOM_VAR."""
    return Path(settings.CUTROOM_VAR) / "mail"


def is_secure() -> bool:
    """SECURE_COOKIES: cookies only over HTTPS, with the __Host- prefix."""
    return bool(settings.SECURE_COOKIES)


def refresh_cookie() -> str:
    """Name of the refresh cookie. __Host- demands Secure, which plain HTTP cannot give."""
    return "__Host-refresh" if is_secure() else "refresh"


def known_cookie() -> str:
    """Name of the cookie that remembers which addresses signed in in this browser."""
    return "__Host-known" if is_secure() else "known"


def mail_provider() -> str:
    """ACCOUNTS_MAIL_PROVIDER: smtp, ses or sendgrid; whose reports about bounces are taken."""
    return str(getattr(settings, "ACCOUNTS_MAIL_PROVIDER", "smtp"))


def has_mail_webhook_secret() -> bool:
    """Can a report about a bounce be told from a forged one? By basic auth, or by SendGrid's signature."""
    secrets = {**getattr(settings, "ANYMAIL", {})}
    is_signed = mail_provider() == "sendgrid" and secrets.get("SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY")
    return bool(secrets.get("WEBHOOK_SECRET") or is_signed)


def asker_cookie() -> str:
    """Name of the cookie that tells whether a link is opened in the browser that asked for it."""
    return "__Host-asker" if is_secure() else "asker"


def trusted_proxies() -> list[str]:
    """ACCOUNTS_TRUSTED_PROXIES: networks whose X-Forwarded-For is believed, from the right."""
    return list(getattr(settings, "ACCOUNTS_TRUSTED_PROXIES", []))


def counts_loopback() -> bool:
    """Do the limits per network count loopback? Not in development, where everybody comes from there."""
    return not is_development()


def request_limits(plan: str) -> dict[str, int]:
    """ACCOUNTS_REQUEST_LIMITS: API requests a minute by plan, of a tenant and of each of its keys.

    A plan that is not listed, or not known yet, has the numbers of the first.
    """
    everybody = {"": {"tenant": 1200, "key": 600}}
    numbers: dict[str, dict[str, int]] = getattr(settings, "ACCOUNTS_REQUEST_LIMITS", everybody)
    return numbers.get(plan) or next(iter(numbers.values()))


def leak_reporters() -> dict[str, str]:
    """ACCOUNTS_LEAK_REPORTERS: who may report leaked keys; key id to public key (DER, base64)."""
    return dict(getattr(settings, "ACCOUNTS_LEAK_REPORTERS", {}))


def key_prefix() -> str:
    """sk_prod_ in production, sk_test_ elsewhere, so that a leaked key tells where it belongs."""
    return "sk_prod_" if is_secure() else "sk_test_"
