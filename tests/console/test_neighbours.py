"""Tenants for whoever tries the console: made once, in development only, true to ledger, chain and Stripe."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import User
from billing import reconciliation
from cutroom import clock
from rendering.models import JobState, RenderJob
from tenants.models import Tenant, TenantState
from tenants.neighbours import NEIGHBOURS
from tests.billing.conftest import stand_in
from tests.cast import Cast, console_of

pytestmark = pytest.mark.committed

# The stand-in takes the payment of the one that pays.
__all__ = ["stand_in"]


def said(name: str, *words: str) -> Any:
    out = StringIO()
    call_command(name, *words, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def neighbours(stand_in: None, committed_cast: Cast, media: Path, settings: Settings) -> Any:
    settings.DEBUG = True
    report = said("seed_demo", "--neighbours")
    settings.DEBUG = False
    return report


def test_the_console_has_something_to_show(neighbours: Any) -> None:
    assert neighbours["neighbours"] == len(NEIGHBOURS)
    page = console_of(User.objects.get(email="operator@example.com")).get("/admin/")
    assert {"Job in quarantine", "Limit requests wait"} <= {each.what for each in page.context["concerns"]}
    states = Tenant.objects.using("ops").filter(slug__in=[each.slug for each in NEIGHBOURS])
    assert sorted(states.values_list("state", flat=True)) == [
        *[TenantState.ACTIVE] * 4,
        TenantState.SUSPENDED,
    ]
    assert RenderJob.everywhere.using("ops").get().state == JobState.FAILED
    content = page.content.decode()
    assert "$29" in content
    assert (
        "None in these 14 days" not in content.partition("Render minutes a day")[2].partition("</section>")[0]
    )


def test_what_they_have_is_true(neighbours: Any) -> None:
    assert said("reconcile_usage")["differences"] == []
    assert said("audit_verify")["ok"]
    assert reconciliation.run(at=clock.now()).drifted == []


def test_a_second_time_makes_nobody(neighbours: Any, settings: Settings) -> None:
    settings.DEBUG = True
    assert said("seed_demo", "--neighbours")["neighbours"] == 0


def test_production_gets_no_operator_whom_anybody_may_be(db: None) -> None:
    with pytest.raises(CommandError, match="development"):
        call_command("seed_demo", "--neighbours")
    assert not User.objects.exists()
