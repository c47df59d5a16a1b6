"""The same life of a subscription against the stand-in and, for who has a test key, against Stripe itself.

STRIPE_ONLINE_KEY=sk_test_… .venv/bin/pytest tests/billing/test_scenarios.py
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
import stripe
from pytest_django import Settings

from billing import conf, gateway, planned_changes, portal, reconciliation, setup, upcoming
from billing import invoices as papers
from cutroom import clock
from tests.billing.conftest import Till
from tests.billing.shops import Play, Real, Shop
from tests.cast import Cast

ONLINE_KEY = os.environ.get("STRIPE_ONLINE_KEY", "")
# Without a key there is no such case at all: a skipped test would fail a run in CI.
SHOPS = ["stand-in", *([pytest.param("stripe", marks=pytest.mark.enable_socket)] if ONLINE_KEY else [])]


@pytest.fixture(params=SHOPS)
def shop(request: pytest.FixtureRequest, cast: Cast, settings: Settings) -> Iterator[Shop]:
    """Acme at one of the two Stripes."""
    if request.param == "stand-in":
        request.getfixturevalue("stand_in")
        yield Play(till=Till(tenant=cast.acme))
        return
    assert ONLINE_KEY.startswith("sk_test_"), "never a live key"
    settings.STRIPE_TEST_SECRET_KEY = ONLINE_KEY
    settings.STRIPE_WEBHOOK_SECRET = "whsec_only_this_test_knows"
    settings.SITE_URL = "https://cutroom.example"
    gateway.connect()
    list(setup.run())
    real = Real(till=Till(tenant=cast.acme))
    yield real
    real.close()
    stripe.default_http_client = None


def test_set_up_can_be_repeated(shop: Shop) -> None:
    assert {step.outcome for step in setup.run()} == {"kept"}


def test_bought(shop: Shop) -> None:
    shop.buy()
    shop.hear()
    row = shop.till.row()
    assert (row.plan, row.status, row.next_plan) == ("pro", "active", "")
    assert row.current_period_end is not None
    assert timedelta(days=27) < row.current_period_end - conf.now() < timedelta(days=32)
    [paper] = papers.newest(shop.till.tenant.pk, count=5)
    assert (paper.status, paper.amount_paid, paper.currency) == ("paid", 2900, "usd")
    assert reconciliation.run(at=clock.now()).drifted == []


def test_renewed(shop: Shop) -> None:
    shop.buy()
    shop.hear()
    before = shop.till.row().current_period_end
    shop.wait(days=32)
    after = shop.till.row().current_period_end
    assert before is not None
    assert after is not None
    assert after > before
    assert len(papers.newest(shop.till.tenant.pk, count=5)) == 2


def test_cancelled_and_kept_and_cancelled(shop: Shop) -> None:
    shop.buy()
    shop.hear()
    tenant_id = shop.till.tenant.pk
    upcoming.note_next_amount(tenant_id=tenant_id)
    assert shop.till.row().next_amount == 2900
    planned_changes.cancel(tenant_id=tenant_id)
    assert (shop.till.row().next_plan, shop.till.row().changes_at) == (
        "free",
        shop.till.row().current_period_end,
    )
    planned_changes.keep(tenant_id=tenant_id)
    assert shop.till.row().next_plan == ""
    planned_changes.cancel(tenant_id=tenant_id)
    shop.wait(days=32)
    assert (shop.till.row().status, shop.till.row().is_alive) == ("canceled", False)


def test_a_renewal_that_fails(shop: Shop) -> None:
    shop.buy(fails_later=True)
    shop.hear()
    shop.wait(days=32)
    row = shop.till.row()
    assert row.status == "past_due"
    assert row.past_due_since is not None
    unpaid = papers.newest(shop.till.tenant.pk, count=1)[0]
    assert (unpaid.status, unpaid.amount_remaining) == ("open", 2900)


def test_the_portal_opens(shop: Shop) -> None:
    shop.buy()
    shop.hear()
    opened = portal.open_portal(tenant_id=shop.till.tenant.pk, for_card=True)
    assert opened.url.startswith("http")
