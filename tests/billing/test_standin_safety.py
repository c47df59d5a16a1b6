"""Play and money never mix: the stand-in is for development, and nobody else can see its pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings

from billing import checks, conf
from billing.standin.transport import StandIn
from tests.billing.conftest import Till

PAGES = ["pay/cs_test_1", "confirm/cs_test_1", "portal/bps_1", "invoice/in_1", "invoice/in_1/pdf", "clock"]
LIVE = "sk_live_" + "x" * 24
# What dj-stripe 2.11 answers wrongly on today's API; see the README.
MISLEADING = (
    ".is_valid()",
    ".active_subscriptions",
    "is_subscribed_to",
    "has_any_active_subscription",
    ".extend(",
    "reactivate(",
)


def ids(found: list[CheckMessage]) -> set[str]:
    return {str(message.id) for message in found}


def test_it_refuses_without_debug(settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(ImproperlyConfigured, match="needs DEBUG"):
        StandIn()


def test_it_refuses_beside_a_live_key(settings: Settings) -> None:
    settings.DEBUG = True
    settings.STRIPE_LIVE_SECRET_KEY = LIVE
    with pytest.raises(ImproperlyConfigured, match="live key"):
        StandIn()


def test_the_start_is_refused_too(settings: Settings) -> None:
    settings.BILLING_TRANSPORT = conf.STAND_IN
    assert ids(checks.play_and_money_do_not_mix(None)) == {"billing.E001"}
    settings.DEBUG = True
    assert ids(checks.play_and_money_do_not_mix(None)) == set()
    settings.STRIPE_LIVE_MODE = True
    assert ids(checks.play_and_money_do_not_mix(None)) == {"billing.E002", "billing.E003"}


def test_a_key_of_another_shape_is_refused_at_the_start(settings: Settings) -> None:
    settings.STRIPE_TEST_SECRET_KEY = "sk_test_short"
    assert ids(checks.key_has_its_shape(None)) == {"billing.E004"}
    settings.STRIPE_TEST_SECRET_KEY = ""
    assert ids(checks.key_has_its_shape(None)) == set()


def test_a_price_needs_a_plan(settings: Settings) -> None:
    settings.BILLING_PRICES = {"gold": 1}
    assert ids(checks.prices_name_plans(None)) == {"billing.E005"}


@pytest.mark.parametrize("page", PAGES)
def test_its_pages_are_nowhere_without_it(client: Client, db: None, page: str) -> None:
    assert client.get(f"/dev/checkout/{page}").status_code == 404
    assert client.post(f"/dev/checkout/{page}").status_code == 404


@pytest.mark.parametrize("page", PAGES[:-1])
def test_what_it_does_not_know_is_nowhere(client: Client, stand_in: None, page: str) -> None:
    assert client.get(f"/dev/checkout/{page}").status_code == 404


def test_a_ribbon_says_that_no_money_moves(alice_browser: Client, acme: Till, settings: Settings) -> None:
    assert b"test payments, no money moves" in alice_browser.get("/billing").content
    settings.STRIPE_LIVE_MODE = True
    assert b"test payments" not in alice_browser.get("/billing").content


def test_nobody_asks_dj_stripe_for_its_opinion() -> None:
    package = Path(conf.__file__).parent
    asked = {
        (path.name, name)
        for path in package.rglob("*.py")
        for name in MISLEADING
        if "migrations" not in str(path) and name in path.read_text()
    }
    assert asked == set()
