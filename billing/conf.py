"""Settings of the billing app, read lazily so that tests can override them."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings


def prices() -> Mapping[str, int]:
    """BILLING_PRICES: plan to price a month in the smallest unit of the currency; absent is by agreement."""
    return dict(getattr(settings, "BILLING_PRICES", {"free": 0, "pro": 2900}))


def currency() -> str:
    """BILLING_CURRENCY: ISO 4217, lower case as Stripe writes it."""
    return str(getattr(settings, "BILLING_CURRENCY", "usd"))
