"""Every night what drifted is found, corrected and counted; every hour what never came."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from billing import gateway, projection, reconciliation, tasks
from billing.errors import PaymentsUnavailable
from billing.models import Reconciliation, TenantSubscription
from billing.standin import courier, state, subscriptions
from cutroom import clock
from tenants.context import tenant_context
from tests.billing.conftest import Till, let_pass


def lose_all_webhooks() -> None:
    with state.opened() as store:
        store.data["undelivered"] = []


def test_agreement_is_no_drift(acme: Till) -> None:
    acme.buy()
    let_pass(days=1)
    outcome = reconciliation.run(at=clock.now())
    assert outcome == reconciliation.Outcome(checked=1, drifted=[], unanswered=[], missing=[])


@pytest.mark.fault(28)
def test_a_lost_cancellation_is_found(acme: Till) -> None:
    acme.buy()
    acme.do(subscriptions.end, how=None)
    lose_all_webhooks()
    assert acme.row().status == "active"
    assert len(reconciliation.run(at=clock.now()).drifted) == 1
    assert acme.row().status == "canceled"
    newest = Reconciliation.objects.get()
    assert (newest.checked, newest.drifted) == (1, 1)
    assert reconciliation.run(at=clock.now()).drifted == []


def test_events_that_never_came_are_counted_once_and_told(acme: Till) -> None:
    acme.buy()
    acme.do(subscriptions.end, how=None)
    with state.opened() as store:
        lost = set(store.data["undelivered"])
    lose_all_webhooks()
    assert reconciliation.run(at=clock.now()).missing == [], "they may still be on their way"
    let_pass(days=1)
    out = StringIO()
    call_command("reconcile_billing", "--json", stdout=out)
    assert set(json.loads(out.getvalue())["missing"]) == lost
    assert Reconciliation.objects.latest("at").missing == len(lost) > 0
    assert reconciliation.run(at=clock.now()).missing == []


def test_every_hour_a_lost_event_is_found_counted_once_and_made_good(acme: Till) -> None:
    acme.buy()
    assert tasks.look_for_gaps() == 0, "the first comparison looks, too"
    assert reconciliation.run(at=clock.now()).missing == []
    acme.do(subscriptions.end, how=None)
    with state.opened() as store:
        lost = len(store.data["undelivered"])
    lose_all_webhooks()
    assert tasks.look_for_gaps() == 0, "they may still be on their way"
    let_pass(days=1 / 24)
    assert tasks.look_for_gaps() == lost > 0
    assert acme.row().status == "canceled"
    newest = Reconciliation.objects.get()
    assert (newest.checked, newest.drifted, newest.missing) == (1, 1, lost)
    assert tasks.look_for_gaps() == 0
    assert Reconciliation.objects.get().missing == lost
    assert reconciliation.run(at=clock.now()).missing == []


def test_the_hourly_look_costs_one_list_of_stripe_and_waits_while_stripe_does(
    acme: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.buy()
    reconciliation.run(at=clock.now())
    asked: list[str] = []
    asking = gateway.asking

    def heard(what: str) -> AbstractContextManager[None]:
        asked.append(what)
        return asking(what)

    monkeypatch.setattr(gateway, "asking", heard)
    assert tasks.look_for_gaps() == 0
    assert asked == ["events.list"]
    until = Reconciliation.objects.get().events_until

    def deaf(what: str) -> AbstractContextManager[None]:
        raise PaymentsUnavailable

    monkeypatch.setattr(gateway, "asking", deaf)
    let_pass(days=1)
    assert tasks.look_for_gaps() == 0
    assert Reconciliation.objects.get().events_until == until


def test_an_event_that_came_and_failed_is_not_missing(acme: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    acme.pay(acme.checkout())
    with monkeypatch.context() as broken:
        broken.setattr(projection, "recompute", lambda **_: 1 / 0)
        courier.deliver()
    lose_all_webhooks()
    let_pass(days=1)
    assert reconciliation.run(at=clock.now()).missing == []


def test_events_of_customers_we_do_not_know_are_not_missing(acme: Till) -> None:
    acme.buy()
    with state.opened() as store:
        stray = {"id": "cus_stray", "object": "customer", "metadata": {}, "invoice_settings": {}}
        store.tell("customer.updated", stray)
        store.tell("charge.succeeded", {"id": "ch_1", "object": "charge", "customer": acme.row().customer_id})
    lose_all_webhooks()
    let_pass(days=1)
    assert reconciliation.run(at=clock.now()).missing == []


@pytest.mark.fault(28)
def test_a_lost_purchase_is_found(acme: Till) -> None:
    acme.pay(acme.checkout())
    lose_all_webhooks()
    assert len(reconciliation.run(at=clock.now()).drifted) == 1
    assert acme.row().plan == "pro"


def test_a_projection_somebody_changed_is_found(acme: Till) -> None:
    acme.buy()
    with tenant_context(acme.tenant.pk):
        TenantSubscription.objects.update(plan="enterprise")
    assert len(reconciliation.run(at=clock.now()).drifted) == 1
    assert acme.row().plan == "pro"


def test_the_command_tells_and_a_dry_run_changes_nothing(acme: Till) -> None:
    acme.buy()
    acme.do(subscriptions.cancel_at_period_end, how=None)
    lose_all_webhooks()
    with pytest.raises(CommandError):
        call_command("reconcile_billing", "--dry-run", stdout=StringIO())
    assert acme.row().next_plan == ""
    out = StringIO()
    call_command("reconcile_billing", "--json", stdout=out)
    assert len(json.loads(out.getvalue())["drifted"]) == 1
    assert acme.row().next_plan == "free"
