"""Two webhooks at once: the one that asked Stripe first must not write last."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from django.db import connection, connections

from billing import projection
from billing.standin import courier, state, subscriptions
from billing.standin.transport import StandIn
from tests.billing.conftest import Till
from tests.cast import Cast
from tests.workers import wait_until

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


class Rival:
    """Cancels at Stripe right after the first webhook has read, and lets the second one come in between."""

    def __init__(self, stand_in: Any, customer_id: str) -> None:
        self._ask = stand_in.request
        self._customer_id = customer_id
        self._is_due = True
        self.thread = threading.Thread(target=self._deliver)

    def request(self, method: str, url: str, *rest: Any, **options: Any) -> Any:
        """In place of the stand-in's own: the answer is old by the time it is used."""
        answer = self._ask(method, url, *rest, **options)
        if self._is_due and method == "get" and "/v1/subscriptions/" in url:
            self._is_due = False
            with state.opened() as store:
                store.data["undelivered"] = []
                subscriptions.end(store, store.find("subscription", customer=self._customer_id)[0])
            self.thread.start()
            wait_until(self._has_come, what="the second webhook to write, or to wait for the first")
        return answer

    def _deliver(self) -> None:
        try:
            courier.deliver()
        finally:
            connections.close_all()

    def _has_come(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            return not self.thread.is_alive() or cursor.fetchone() != (0,)


@pytest.fixture
def transport(committed_cast: Cast, stand_in: None) -> Iterator[Any]:
    found = stripe.default_http_client
    assert isinstance(found, StandIn)
    yield found
    # The rival's method hides the class's own.
    vars(found).pop("request", None)


@pytest.fixture
def racer(committed_cast: Cast, stand_in: None) -> Till:
    """Acme, known to Stripe, with no subscription yet."""
    till = Till(tenant=committed_cast.acme)
    till.checkout()
    courier.deliver()
    return till


def race(racer: Till, transport: Any) -> tuple[str, str]:
    """Replay the race with a new subscription: what Stripe says in the end, and what we say."""
    customer_id = racer.row().customer_id
    with state.opened() as store:
        new = subscriptions.begin(
            store, customer_id=customer_id, price=store.find("price", lookup_key="cutroom_pro_month")[0]
        )
        subscriptions.open_up(store, new)
        store.data["undelivered"] = store.data["undelivered"][-1:]
    rival = Rival(transport, customer_id)
    transport.request = rival.request
    courier.deliver()
    del transport.request
    rival.thread.join()
    return racer.at_stripe()[0]["status"], racer.row().status


@pytest.mark.fault(26)
@pytest.mark.slow
def test_a_cancelled_customer_is_never_left_active(racer: Till, transport: Any) -> None:
    outcomes = {race(racer, transport) for _ in range(100)}
    assert outcomes == {("canceled", "canceled")}


def test_without_the_lock_the_race_is_lost(
    racer: Till, transport: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the test above would prove nothing."""
    monkeypatch.setattr(projection, "lock", lambda customer_id: None)
    assert race(racer, transport) == ("canceled", "active")
