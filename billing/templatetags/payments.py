"""How amounts of money are written, and whether they are real."""

from __future__ import annotations

from typing import Any

from django import template

from billing import conf

register = template.Library()

_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}
# Currencies whose smallest unit is the whole one. https://docs.stripe.com/currencies#zero-decimal
_WHOLE = {
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
}  # fmt: skip


@register.filter
def money(amount: int, currency: str) -> str:
    """An amount in the smallest unit as people write it: "$29.00", "−$3.50", "29.00 CHF"."""
    places = 0 if currency in _WHOLE else 2
    number = f"{abs(amount) / 10**places:,.{places}f}"
    sign = "−" if amount < 0 else ""
    if currency in _SIGNS:
        return f"{sign}{_SIGNS[currency]}{number}"
    return f"{sign}{number} {currency.upper()}"


@register.filter
def price(amount: int, currency: str) -> str:
    """The same without idle cents: "$29"."""
    return money(amount, currency).replace(".00", "")


@register.filter
def limit_of(limits: dict[str, Any], meter: Any) -> Any:
    """The limit of a meter; None is unlimited."""
    return limits[meter.value]


@register.simple_tag
def is_test_payments() -> bool:
    """Can something be bought here, and no money moves?"""
    return bool(conf.secret_key()) and not conf.is_live()


@register.simple_tag
def is_stand_in() -> bool:
    """Does the stand-in answer in place of Stripe?"""
    return conf.is_stand_in()
