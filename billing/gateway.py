"""The way to Stripe: one client, one version, one refusal. Never inside a transaction, but see projection."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import stripe
from django.utils.module_loading import import_string

from billing import conf
from billing.errors import PaymentsNotSetUp, PaymentsUnavailable

TIMEOUT_SECONDS = 8
RETRIES = 1

logger = logging.getLogger(__name__)


def connect() -> None:
    """Point the SDK, and with it dj-stripe, at Stripe or at what BILLING_TRANSPORT names."""
    path = conf.transport()
    network = stripe.new_default_http_client(timeout=TIMEOUT_SECONDS)
    stripe.default_http_client = import_string(path)() if path else network
    stripe.api_version = conf.api_version()
    stripe.max_network_retries = RETRIES
    # It tells every request at INFO; what goes wrong we log ourselves, with its request id.
    logging.getLogger("stripe").setLevel(logging.WARNING)


def client() -> stripe.StripeClient:
    """A client with our key and our API version. Raises PaymentsNotSetUp without a key."""
    if not conf.secret_key():
        raise PaymentsNotSetUp()
    return stripe.StripeClient(
        conf.secret_key(),
        stripe_version=conf.api_version(),
        max_network_retries=RETRIES,
        http_client=stripe.default_http_client,
    )


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Turn whatever goes wrong between us and Stripe into PaymentsUnavailable; the log has the cause."""
    try:
        yield
    except stripe.StripeError as error:
        details = {
            "what": what,
            "error": type(error).__name__,
            "code": error.code,
            "status": error.http_status,
        }
        logger.exception("stripe_failed", extra={**details, "request": error.request_id})
        raise PaymentsUnavailable() from error


def is_missing(error: stripe.StripeError) -> bool:
    """Did Stripe say that there is no such thing?"""
    return error.code == "resource_missing"
