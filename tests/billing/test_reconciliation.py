"""Every night: what drifted is found, corrected and counted."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from billing import reconciliation
from billing.models import Reconciliation, TenantSubscription
from billing.standin import state, subscriptions
from cutroom import clock
from tenants.context import tenant_context
from tests.billing.conftest import Till


def lose_all_webhooks() -> None:
    with state.opened() as store:
        store.data["undelivered"] = []


def test_agreement_is_no_drift(acme: Till) -> None:
    acme.buy()
    assert reconciliation.run(at=clock.now()) == reconciliation.Outcome(checked=1, drifted=[], unanswered=[])


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
