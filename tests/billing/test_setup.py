"""`stripe_setup`: makes what is missing, changes what differs, and can be repeated."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from djstripe.models import Price, WebhookEndpoint
from pytest_django import Settings

from billing import checks
from billing.models import StripeSetup
from billing.standin import state


def run(*options: str) -> dict[str, str]:
    """What came of each thing."""
    out = StringIO()
    call_command("stripe_setup", "--json", *options, stdout=out)
    steps: list[dict[str, Any]] = json.loads(out.getvalue())["steps"]
    return {f"{step['thing']} {step['name']}".split(" http")[0]: step["outcome"] for step in steps}


def count(kind: str) -> int:
    with state.opened() as store:
        return len(store.find(kind))


def test_a_repeat_keeps_everything(stand_in: None) -> None:
    before = {kind: count(kind) for kind in ("product", "price", "webhook_endpoint")}
    assert set(run().values()) == {"kept"}
    assert (
        {kind: count(kind) for kind in before}
        == before
        == {
            "product": 2,
            "price": 2,
            "webhook_endpoint": 1,
        }
    )
    assert count("billing_portal.configuration") == StripeSetup.objects.count() == 1


def test_another_amount_is_another_price_and_the_old_one_leaves_the_shop(
    stand_in: None, settings: Settings
) -> None:
    settings.BILLING_PRICES = {"free": 0, "pro": 3900}
    assert run()["price cutroom_pro_month"] == "changed"
    [price] = Price.objects.filter(lookup_key="cutroom_pro_month", active=True)
    assert price.unit_amount == 3900
    assert Price.objects.filter(active=False).count() == 1


def test_a_dry_run_makes_nothing(stand_in: None, settings: Settings) -> None:
    settings.BILLING_PRICES = {"free": 0, "pro": 3900}
    assert run("--dry-run")["price cutroom_pro_month"] == "changed"
    assert count("price") == 2


def test_an_endpoint_whose_secret_is_lost_is_made_anew(stand_in: None) -> None:
    WebhookEndpoint.objects.all().delete()
    assert run()["webhook endpoint"] == "made"
    assert WebhookEndpoint.objects.get().secret.startswith("whsec_")
    assert count("webhook_endpoint") == 1


def test_an_endpoint_made_by_hand_is_learned(stand_in: None, settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRET = "whsec_by_stripe_listen"
    run()
    assert WebhookEndpoint.objects.get().secret == "whsec_by_stripe_listen"
    assert run()["webhook endpoint"] == "kept"


def test_without_a_key_it_says_so(db: None, settings: Settings) -> None:
    settings.STRIPE_TEST_SECRET_KEY = ""
    with pytest.raises(CommandError, match="Payments are not set up"):
        call_command("stripe_setup", stdout=StringIO())


def test_an_endpoint_of_another_version_is_told(stand_in: None) -> None:
    assert checks.endpoint_speaks_our_version(None, databases=["default"]) == []
    WebhookEndpoint.objects.update(api_version="2020-08-27")
    [warning] = checks.endpoint_speaks_our_version(None, databases=["default"])
    assert warning.id == "billing.W001"
