"""GET /api/billing/invoices: the tenant's own, for admins, newest first."""

from __future__ import annotations

from rest_framework.test import APIClient

from tests.billing.conftest import Till, let_pass
from tests.cast import Cast

INVOICES = "/api/billing/invoices"


def test_they_are_newest_first_and_paged(alice: APIClient, acme: Till) -> None:
    assert alice.get(INVOICES).json() == {"results": [], "next": None, "previous": None}
    acme.buy()
    let_pass(days=32)
    rows = alice.get(INVOICES).json()["results"]
    assert [row["amount_paid"] for row in rows] == [2900, 2900]
    assert rows[0]["created_at"] > rows[1]["created_at"]
    assert (rows[0]["status"], rows[0]["currency"]) == ("paid", "usd")
    assert rows[0]["pdf_url"].endswith("/pdf")
    page = alice.get(f"{INVOICES}?limit=1").json()
    assert len(page["results"]) == 1
    assert len(alice.get(page["next"]).json()["results"]) == 1


def test_an_open_one_says_when_it_is_tried_again(alice: APIClient, acme: Till) -> None:
    acme.buy(last4="0341")
    let_pass(days=32)
    [newest, _] = alice.get(INVOICES).json()["results"]
    assert (newest["status"], newest["amount_remaining"]) == ("open", 2900)
    assert newest["next_attempt_at"]


def test_nobody_else_sees_them(bob: APIClient, charlie: APIClient, acme: Till, cast: Cast) -> None:
    """The mirror has no row security: the query itself must name the tenant."""
    acme.buy()
    assert bob.get(INVOICES).status_code == 403
    assert charlie.get(INVOICES).json()["results"] == []
    Till(tenant=cast.globex).buy()
    assert len(charlie.get(INVOICES).json()["results"]) == 1
