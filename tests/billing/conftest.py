"""What the payment tests share: the stand-in behind the SDK, and a person with a card."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stripe
from pytest_django import Settings

from billing import checkout, conf, gateway, setup
from billing.models import TenantSubscription
from billing.standin import courier, sessions, state, timeline
from billing.standin.courier import IN_ORDER, Delivery
from billing.standin.state import Thing
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.cast import Cast

PRICES = {"free": 0, "pro": 2900, "enterprise": 19900}
# Bought without a page, by a person or a program, these four tell that a checkout went well.
CHECKOUT_EVENTS = (
    "customer.subscription.created",
    "customer.subscription.updated",
    "invoice.paid",
    "checkout.session.completed",
)


@dataclass(frozen=True, kw_only=True)
class Till:
    """Somebody of a tenant with a card, at the pages of the stand-in."""

    tenant: Tenant

    def checkout(self, plan: str = "pro") -> str:
        """Go to the payment page; the session's id."""
        return checkout.start(tenant_id=self.tenant.pk, plan=plan).session_id

    def pay(self, session_id: str, *, last4: str = "4242", word: str = "") -> None:
        """Press Pay. The webhooks are still on their way."""
        with state.opened() as store:
            sessions.pay(store, store.get(session_id, "checkout.session"), last4=last4, word=word)

    def buy(self, plan: str = "pro", *, last4: str = "4242", how: Delivery = IN_ORDER) -> None:
        """From the payment page to the plan."""
        self.pay(self.checkout(plan), last4=last4)
        courier.deliver(how)

    def row(self) -> TenantSubscription:
        """The projection as the database has it."""
        with tenant_context(self.tenant.pk):
            return TenantSubscription.objects.get()

    def facts(self) -> dict[str, Any]:
        """What the projection says, without its own key and when it was written."""
        own = {"_state", "id", "updated_at", "tenant_id"}
        return {name: value for name, value in vars(self.row()).items() if name not in own}

    def at_stripe(self) -> list[Thing]:
        """The tenant's subscriptions as Stripe has them, newest first."""
        with state.opened() as store:
            return store.find("subscription", customer=self.row().customer_id)

    def do(self, deed: Callable[..., None], *arguments: Any, how: Delivery | None = IN_ORDER) -> None:
        """Do something to the newest subscription, as in the portal. `how` None: no webhook yet."""
        with state.opened() as store:
            deed(store, store.find("subscription", customer=self.row().customer_id)[0], *arguments)
        if how is not None:
            courier.deliver(how)


def price_of(plan: str) -> Thing:
    """The price of a plan as Stripe has it."""
    with state.opened() as store:
        return store.find("price", lookup_key=f"cutroom_{plan}_month")[0]


def let_pass(*, days: float = 0, to: datetime | None = None) -> None:
    """Let time pass at Stripe; what falls due happens, and its webhooks come."""
    timeline.travel(int(((to or conf.now()) + timedelta(days=days)).timestamp()))


@pytest.fixture
def stand_in(db: None, tmp_path: Path, settings: Settings) -> Iterator[None]:
    """The stand-in is Stripe, set up as `stripe_setup` does it; two plans have a price."""
    settings.BILLING_STAND_IN_DIR = tmp_path / "stripe"
    settings.BILLING_TRANSPORT = conf.STAND_IN
    settings.BILLING_CLOCK = "billing.standin.clock.now"
    settings.BILLING_PRICES = PRICES
    settings.DEBUG = True
    gateway.connect()
    settings.DEBUG = False
    list(setup.run())
    yield
    stripe.default_http_client = None


@pytest.fixture
def acme(stand_in: None, cast: Cast) -> Till:
    """Somebody of Acme, with a card."""
    return Till(tenant=cast.acme)
