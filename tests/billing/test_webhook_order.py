"""Stripe promises no order, and sends twice, and all at once: the end is the same."""

from __future__ import annotations

from itertools import permutations

import pytest

from billing.standin import courier, state
from billing.standin.courier import Delivery
from tests.billing.conftest import CHECKOUT_EVENTS, Till
from tests.cast import Cast, found_tenant

OWN = ("customer_id", "subscription_id", "started_at", "current_period_end")


def arrange(order: tuple[str, ...]) -> None:
    """The four events of the checkout wait in this order; whatever else waits comes after them."""
    with state.opened() as store:
        waiting = {store.get(each, "event")["type"]: each for each in store.data["undelivered"]}
        rest = [each for kind, each in waiting.items() if kind not in order]
        store.data["undelivered"] = [*(waiting[kind] for kind in order), *rest]


def outcome(till: Till) -> dict[str, object]:
    """What the projection says that is the same for every buyer."""
    subscription = till.at_stripe()[0]
    facts = till.facts()
    own = {name: facts.pop(name) for name in OWN}
    assert own["subscription_id"] == subscription["id"]
    assert own["started_at"].timestamp() == subscription["start_date"]
    assert own["current_period_end"].timestamp() == subscription["items"]["data"][0]["current_period_end"]
    return facts


def outcomes(how: Delivery) -> list[dict[str, object]]:
    """What came of every order of the four events, for a buyer each."""
    found = []
    for number, order in enumerate(permutations(CHECKOUT_EVENTS)):
        till = Till(tenant=found_tenant(f"buyer-{number}"))
        till.pay(till.checkout())
        arrange(order)
        assert set(courier.deliver(how).values()) == {200}
        found.append(outcome(till))
    return found


def one_active_pro(found: list[dict[str, object]]) -> None:
    assert len(found) == 24
    assert all(each == found[0] for each in found)
    assert (found[0]["plan"], found[0]["status"], found[0]["next_plan"]) == ("pro", "active", "")


@pytest.mark.slow
@pytest.mark.parametrize("copies", [1, 2])
def test_every_order(stand_in: None, copies: int) -> None:
    one_active_pro(outcomes(Delivery(copies=copies)))


@pytest.mark.fault(25)
@pytest.mark.slow
@pytest.mark.committed
def test_every_order_doubled_and_at_the_same_time(committed_cast: Cast, stand_in: None) -> None:
    one_active_pro(outcomes(Delivery(copies=2, is_parallel=True)))


@pytest.mark.fault(26)
@pytest.mark.committed
@pytest.mark.parametrize("seed", range(4))
def test_a_whole_life_shuffled(committed_cast: Cast, stand_in: None, seed: int) -> None:
    """Bought, cancelled, kept, changed and cancelled for good, with every event late and in any order."""
    from billing.standin import subscriptions
    from tests.billing.conftest import price_of

    till = Till(tenant=committed_cast.acme)
    till.buy()
    till.do(subscriptions.cancel_at_period_end, how=None)
    till.do(subscriptions.keep, how=None)
    till.do(subscriptions.change_price, price_of("enterprise"), how=None)
    till.do(subscriptions.end, how=None)
    courier.deliver(Delivery(seed=seed, copies=2, is_parallel=True))
    assert till.row().status == "canceled"
    assert not till.row().is_alive
