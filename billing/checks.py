"""Start-up checks of the billing app: money and play never mix."""

from __future__ import annotations

import re
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db.utils import DatabaseError
from djstripe.models import WebhookEndpoint
from djstripe.models.api import API_KEY_REGEX

from billing import conf
from metering import conf as metering_conf


@register(Tags.security)
def play_and_money_do_not_mix(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The stand-in only in development and never beside a live key; a live key never in development."""
    problems: list[CheckMessage] = []
    if conf.transport() and not conf.is_development():
        problems.append(Error("BILLING_TRANSPORT is for development; DEBUG is off.", id="billing.E001"))
    if conf.transport() and conf.is_live():
        problems.append(Error("BILLING_TRANSPORT is set beside a live Stripe key.", id="billing.E002"))
    if conf.is_live() and conf.is_development():
        problems.append(Error("STRIPE_API_KEY is a live key, and DEBUG is on.", id="billing.E003"))
    return problems


@register(Tags.security)
def key_has_its_shape(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """dj-stripe refuses a key of another shape at the first payment; better now."""
    if not conf.secret_key() or re.match(API_KEY_REGEX, conf.secret_key()):
        return []
    hint = "It looks like sk_test_… or sk_live_… with at least 24 letters and digits."
    return [Error("STRIPE_API_KEY is not a secret key of Stripe.", hint=hint, id="billing.E004")]


@register(Tags.security, deploy=True)
def a_shop_takes_money(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """With a test key everybody could upgrade with a card number from Stripe's documentation."""
    if not conf.secret_key() or conf.is_live() or conf.allows_test_key():
        return []
    hint = "Set the live key (sk_live_…), or STRIPE_TEST_KEY_ALLOWED=true on a staging site."
    return [Error("STRIPE_API_KEY is a test key.", hint=hint, id="billing.E006")]


@register
def prices_name_plans(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every plan in BILLING_PRICES is one of METERING_PLANS."""
    unknown = sorted(set(conf.prices()) - set(metering_conf.plans()))
    if not unknown:
        return []
    return [Error(f"BILLING_PRICES names {', '.join(unknown)}, METERING_PLANS does not.", id="billing.E005")]


@register(Tags.database)
def endpoint_speaks_our_version(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Events of another API version have another shape."""
    if not databases or "default" not in databases:
        return []
    try:
        versions = set(WebhookEndpoint.objects.values_list("api_version", flat=True))
    except DatabaseError:
        return []
    if versions <= {conf.api_version()}:
        return []
    hint = "Delete the endpoint in Stripe and run `manage.py stripe_setup`."
    message = f"The webhook endpoint speaks {', '.join(sorted(versions))}, STRIPE_API_VERSION is another."
    return [Warning(message, hint=hint, id="billing.W001")]
