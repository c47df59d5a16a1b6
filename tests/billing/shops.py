"""Two Stripes behind the same questions: the stand-in, and the real one for who has a test key.

The real one is asked only when STRIPE_ONLINE_KEY holds an `sk_test_` key. No program can pay on its page, so
there the subscription is made as an operator makes one. Its time is that of a test clock. Its events are
fetched, signed by us and brought to our webhook, because it cannot reach this machine.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from djstripe.models import Customer, WebhookEndpoint

from billing import checkout, conf, customers, gateway
from billing.standin import courier, state
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.billing.conftest import Till, let_pass

DAY_SECONDS = 24 * 3600
_PATIENCE_SECONDS = 120


class Shop(Protocol):
    """Where a tenant buys."""

    till: Till

    def buy(self, *, fails_later: bool = False) -> None:
        """Pay for Pro; with `fails_later` the card is refused at the next renewal."""

    def wait(self, *, days: int) -> None:
        """Let time pass at Stripe."""

    def hear(self) -> None:
        """Let every event come that has not come yet."""


@dataclass
class Play:
    """The stand-in."""

    till: Till

    def buy(self, *, fails_later: bool = False) -> None:
        """On its page."""
        self.till.pay(self.till.checkout(), last4="0341" if fails_later else "4242")

    def wait(self, *, days: int) -> None:
        """By its clock."""
        let_pass(days=days)

    def hear(self) -> None:
        """Out of its outbox."""
        courier.deliver()
        with state.opened() as store:
            assert store.data["undelivered"] == []


@dataclass
class Real:
    """Stripe itself, in test mode."""

    till: Till
    clock_id: str = ""
    now: int = field(default_factory=lambda: int(time.time()))
    heard: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """A customer of its own, who lives by a test clock."""
        tenant: Tenant = self.till.tenant
        self.client = gateway.client()
        self.clock_id = self.client.v1.test_helpers.test_clocks.create({"frozen_time": self.now}).id
        made = self.client.v1.customers.create(
            {
                "email": tenant.email,
                "test_clock": self.clock_id,
                "metadata": {customers.TENANT_KEY: str(tenant.pk)},
            }
        )
        with tenant_context(tenant.pk):
            Customer.sync_from_stripe_data(made, api_key=conf.secret_key())
        self.customer_id = made.id

    def buy(self, *, fails_later: bool = False) -> None:
        """Open the hosted page, leave it, and subscribe as an operator would."""
        opened = checkout.start(tenant_id=self.till.tenant.pk, plan="pro")
        assert urlsplit(opened.url).hostname == "checkout.stripe.com"
        self.client.v1.checkout.sessions.expire(opened.session_id)
        self._use("pm_card_visa")
        self.client.v1.subscriptions.create(
            {"customer": self.customer_id, "items": [{"price": customers.price_id("pro")}]}
        )
        if fails_later:
            self._use("pm_card_chargeCustomerFail")

    def wait(self, *, days: int) -> None:
        """Advance the test clock and wait until Stripe has caught up with it."""
        clocks = self.client.v1.test_helpers.test_clocks
        self.now += days * DAY_SECONDS
        clocks.advance(self.clock_id, {"frozen_time": self.now})
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while clocks.retrieve(self.clock_id).status != "ready":
            assert time.monotonic() < deadline, "the test clock did not arrive"
            time.sleep(1)
        self.hear()

    def hear(self) -> None:
        """Fetch the customer's events, oldest first, and bring them in as webhooks."""
        endpoint = WebhookEndpoint.objects.get()
        letter = {"url": endpoint.url, "secret": endpoint.secret}
        listed = self.client.v1.events.list({"limit": 100}).data
        for event in reversed(listed):
            document: dict[str, Any] = json.loads(str(event))
            thing = document["data"]["object"]
            is_ours = self.customer_id in (thing.get("customer"), thing.get("id"))
            if is_ours and event.id not in self.heard:
                assert courier.post(document, letter) == 200
                self.heard.add(event.id)

    def close(self) -> None:
        """Take the customer and all it had with the clock."""
        self.client.v1.test_helpers.test_clocks.delete(self.clock_id)

    def _use(self, card: str) -> None:
        method = self.client.v1.payment_methods.attach(card, {"customer": self.customer_id})
        settings: Any = {"invoice_settings": {"default_payment_method": method.id}}
        self.client.v1.customers.update(self.customer_id, settings)
