"""Settings of the billing app, read lazily so that tests can override them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

# How long a plan lives on while its payment fails, and on which of these days a mail says so.
GRACE = timedelta(days=7)
NOTICE_DAYS = (0, 3, 6)

STAND_IN = "billing.standin.transport.StandIn"


def prices() -> Mapping[str, int]:
    """BILLING_PRICES: plan to price a month in the smallest unit of the currency; absent is by agreement."""
    return dict(getattr(settings, "BILLING_PRICES", {"free": 0, "pro": 2900}))


def features() -> Mapping[str, str]:
    """BILLING_FEATURES: which features of plans are shown on the page, and their names."""
    return dict(getattr(settings, "BILLING_FEATURES", {"4k": "4K", "publish": "YouTube publishing"}))


def currency() -> str:
    """BILLING_CURRENCY: ISO 4217, lower case as Stripe writes it."""
    return str(getattr(settings, "BILLING_CURRENCY", "usd"))


def trial_days() -> int:
    """BILLING_TRIAL_DAYS: how long a tenant's first subscription is free, without a card. 0: no trial."""
    return int(getattr(settings, "BILLING_TRIAL_DAYS", 0))


def is_taxed() -> bool:
    """BILLING_TAX: Stripe Tax computes and collects."""
    return bool(getattr(settings, "BILLING_TAX", False))


def takes_promotion_codes() -> bool:
    """BILLING_PROMOTION_CODES: Checkout has a field for them. Default: yes."""
    return bool(getattr(settings, "BILLING_PROMOTION_CODES", True))


def contact() -> str:
    """BILLING_CONTACT: who sells plans without a price; else the sender of sign-in mails."""
    return str(getattr(settings, "BILLING_CONTACT", "")) or parseaddr(settings.MAGIC_LINK_FROM)[1]


def secret_key() -> str:
    """The key for Stripe; empty means that nothing can be bought here."""
    live = getattr(settings, "STRIPE_LIVE_SECRET_KEY", "")
    return str(live or getattr(settings, "STRIPE_TEST_SECRET_KEY", ""))


def api_version() -> str:
    """STRIPE_API_VERSION: the shape of everything Stripe says, also in webhooks."""
    return str(settings.STRIPE_API_VERSION)


def webhook_secret() -> str:
    """STRIPE_WEBHOOK_SECRET: of an endpoint that was not made by stripe_setup; empty otherwise."""
    return str(getattr(settings, "STRIPE_WEBHOOK_SECRET", ""))


def is_live() -> bool:
    """STRIPE_LIVE_MODE: money moves."""
    return bool(getattr(settings, "STRIPE_LIVE_MODE", False))


def allows_test_key() -> bool:
    """BILLING_TEST_KEY_ALLOWED: a staging site, where nobody pays, may start with a test key."""
    return bool(getattr(settings, "BILLING_TEST_KEY_ALLOWED", False))


def transport() -> str:
    """BILLING_TRANSPORT: dotted path of a stripe.HTTPClient without arguments; empty is the network."""
    return str(getattr(settings, "BILLING_TRANSPORT", ""))


def is_stand_in() -> bool:
    """Does the stand-in answer in place of Stripe?"""
    return transport() == STAND_IN


def stand_in_dir() -> Path:
    """BILLING_STAND_IN_DIR: where the stand-in remembers; a directory under CUTROOM_VAR."""
    return Path(getattr(settings, "BILLING_STAND_IN_DIR", Path(settings.CUTROOM_VAR) / "stripe"))


def is_development() -> bool:
    """DEBUG: the stand-in refuses to start without it."""
    return bool(settings.DEBUG)


def books_years() -> int:
    """BILLING_BOOKS_YEARS: how long the law keeps invoices, counted from the end of their year (8)."""
    return int(getattr(settings, "BILLING_BOOKS_YEARS", 8))


def books_statute() -> str:
    """BILLING_BOOKS_STATUTE: the law that keeps them, as people are told."""
    return str(getattr(settings, "BILLING_BOOKS_STATUTE", "§ 147(3) AO and § 14b UStG (Germany)"))


def site_url() -> str:
    """SITE_URL: where Stripe sends people back to."""
    return str(settings.SITE_URL)


def now() -> datetime:
    """The time by which payments are due: that of BILLING_CLOCK, which the stand-in may move."""
    path = str(getattr(settings, "BILLING_CLOCK", "cutroom.clock.now"))
    return cast("Callable[[], datetime]", import_string(path))()
