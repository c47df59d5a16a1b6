"""A payment fails: seven days of grace with three mails, then the free limits, and nothing is held back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts import outbox
from billing import conf, dunning, entitlements
from billing.models import PastDueNotice
from billing.standin import courier, state, subscriptions, things
from tenants.context import tenant_context
from tests.billing.conftest import Till, let_pass


@pytest.fixture
def failing(acme: Till, mailoutbox: list[object]) -> Till:
    """Acme on the day its renewal failed."""
    acme.buy(last4="0341")
    period_end = acme.row().current_period_end
    assert period_end is not None
    let_pass(to=period_end + timedelta(minutes=1))
    assert acme.row().status == "past_due"
    return acme


def plan_of(till: Till) -> str:
    with tenant_context(till.tenant.pk):
        return entitlements.for_tenant(till.tenant.pk).plan


def remind(till: Till) -> int:
    """The hourly task, for one tenant."""
    return dunning.remind(tenant_id=till.tenant.pk, at=conf.now())


def test_it_began_when_the_invoice_was_issued(failing: Till) -> None:
    with state.opened() as store:
        issued = store.find("invoice", status="open")[0]["status_transitions"]["finalized_at"]
    row = failing.row()
    assert row.past_due_since is not None
    assert row.past_due_since.timestamp() == issued
    assert row.grace_until == row.past_due_since + timedelta(days=7)


@pytest.mark.fault(28)
def test_the_plan_lives_for_seven_days_then_the_free_limits_hold(failing: Till) -> None:
    assert plan_of(failing) == "pro"
    let_pass(days=6.9)
    assert plan_of(failing) == "pro"
    let_pass(days=0.2)
    assert plan_of(failing) == "free"
    assert failing.row().status == "past_due", "no job had to run"


def test_mails_go_on_days_0_3_and_6_and_when_it_is_over(failing: Till, mailoutbox: list[object]) -> None:
    sent_on = []
    for day in range(9):
        if remind(failing):
            sent_on.append(day)
        assert remind(failing) == 0, "once"
        let_pass(days=1)
    assert sent_on == [0, 3, 6, 7]
    outbox.deliver_due()
    subjects = [str(getattr(mail, "subject", "")) for mail in mailoutbox]
    assert subjects == [
        "The payment for Pro did not go through",
        "The payment for Pro did not go through",
        "Pro ends tomorrow: the payment still fails",
        "Acme is on Free now",
    ]


def test_days_without_a_worker_are_not_made_up_for(failing: Till) -> None:
    let_pass(days=4)
    assert (remind(failing), remind(failing)) == (1, 0)
    with tenant_context(failing.tenant.pk):
        assert [notice.day for notice in PastDueNotice.objects.all()] == [3]


@pytest.mark.committed
def test_the_hourly_task_finds_everybody(
    committed_cast: object, stand_in: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    till = Till(tenant=committed_cast.acme)  # type: ignore[attr-defined]  # the cast
    till.buy(last4="0341")
    let_pass(days=32)
    assert dunning.remind_all(at=conf.now()) == 1
    assert dunning.remind_all(at=conf.now()) == 0


def test_another_card_brings_everything_back(failing: Till) -> None:
    let_pass(days=8)
    assert plan_of(failing) == "free"
    with state.opened() as store:
        owner = store.find("customer")[0]
        card = store.add(things.payment_method(store, customer_id=owner["id"], last4="4242", email=None))
        subscriptions.use_card(store, store.find("subscription")[0], owner, card)
    courier.deliver()
    assert (failing.row().status, failing.row().past_due_since, plan_of(failing)) == ("active", None, "pro")


def test_stripe_gives_up_in_the_end(failing: Till) -> None:
    let_pass(days=20)
    assert (failing.row().status, plan_of(failing)) == ("canceled", "free")
