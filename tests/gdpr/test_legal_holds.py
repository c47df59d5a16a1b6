"""What the law keeps after an erasure: cut down, noted with its last day, and gone on the day after."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from cutroom import clock, signatures
from gdpr import retention
from gdpr.erasure import holds, local, purging, receipts, scanning
from gdpr.models import Erasure, ErasureState, LegalHold
from tests.cast import Cast, bearer
from tests.gdpr.conftest import Vault
from tests.gdpr.rows import Rows

pytestmark = pytest.mark.committed

BOUGHT = datetime(2026, 3, 5, tzinfo=UTC)
LAST_DAY = date(2034, 12, 31)
DOCUMENT = {
    "id": "in_1",
    "number": "CUT-0001",
    "currency": "eur",
    "total": 2900,
    "tax": 463,
    "customer_name": "Acme GmbH",
    "customer_address": {"country": "DE", "city": "Husum"},
    "customer_email": "office@acme.test",
    "customer_phone": "+49 4841 1",
    "hosted_invoice_url": "https://invoice.stripe.com/i/secret",
    "metadata": {"note": "for Alice"},
    "lines": {
        "data": [
            {"description": "1 × Pro", "amount": 2900, "metadata": {"by": "alice@acme.test"}},
            {"description": "for bob@acme.test", "amount": 0},
        ]
    },
}


def mirror(name: str) -> Any:
    """A table of dj-stripe's."""
    return apps.get_model("djstripe", name)


@pytest.fixture
def invoice(committed_cast: Cast, vault: Vault) -> Any:
    """An invoice of Acme's with everything around it that Stripe knows."""
    made: Any = Rows(committed_cast).make(mirror("Invoice"), created=BOUGHT, stripe_data=DOCUMENT)
    mirror("Charge")._base_manager.using("owner").update(created=BOUGHT, invoice=made.id)
    return made


def erase(cast: Cast) -> Erasure:
    """Alice wishes Acme gone, now."""
    body = {"confirm": "acme", "immediately": True}
    assert bearer(cast.alice, cast.acme).delete("/api/account", body, format="json").status_code == 202
    purging.work(at=clock.now())
    return Erasure.objects.get(subject=cast.acme.pk)


def test_an_invoice_keeps_what_the_law_asks_for_and_nothing_else(committed_cast: Cast, invoice: Any) -> None:
    erasure = erase(committed_cast)
    assert erasure.state == ErasureState.DONE, erasure.error
    kept = mirror("Invoice").objects.get()
    names = {"id", "number", "currency", "total", "tax", "customer_name", "customer_address", "lines"}
    assert set(kept.stripe_data) == names
    assert kept.stripe_data["lines"]["data"] == [
        {"description": "1 × Pro", "amount": 2900},
        {"description": "", "amount": 0},
    ]
    assert (kept.metadata, kept.subscription_id, kept.payment_intent_id) == ({}, None, None)
    customer = mirror("Customer").objects.get()
    assert (customer.subscriber_id, customer.email, customer.stripe_data) == (None, "", {})
    assert not mirror("PaymentMethod").objects.exists()
    assert not mirror("Subscription").objects.exists()


def test_every_held_row_has_statute_and_last_day_and_the_receipt_names_them(
    committed_cast: Cast, invoice: Any
) -> None:
    erasure = erase(committed_cast)
    held = LegalHold.objects.order_by("model")
    assert list(held.values_list("model", "until")) == [
        ("djstripe.Charge", LAST_DAY),
        ("djstripe.Customer", LAST_DAY),
        ("djstripe.Invoice", LAST_DAY),
    ]
    assert {hold.statute for hold in held} == {"§ 147(3) AO and § 14b UStG (Germany)"}
    receipt = signatures.read(bytes(erasure.receipt), kind=receipts.KIND)
    assert [(row["model"], row["rows"], row["until"]) for row in receipt["kept_by_law"]] == [
        ("djstripe.Charge", 1, "2034-12-31"),
        ("djstripe.Customer", 1, "2034-12-31"),
        ("djstripe.Invoice", 1, "2034-12-31"),
    ]


def test_a_receipt_does_not_count_the_invoices_of_somebody_else(committed_cast: Cast, invoice: Any) -> None:
    erase(committed_cast)
    globex = Erasure(scope="tenant", subject=committed_cast.globex.pk, requested_at=clock.now())
    assert receipts.document(globex)["kept_by_law"] == []


def test_on_the_last_day_it_is_there_and_on_the_next_it_is_gone(committed_cast: Cast, invoice: Any) -> None:
    erase(committed_cast)
    last = datetime(2034, 12, 31, 23, 59, tzinfo=UTC)
    assert retention.purge(at=last)[retention.HELD] == 0
    assert mirror("Invoice").objects.exists()
    assert retention.purge(at=last + timedelta(minutes=1))[retention.HELD] == 3
    for name in ("Invoice", "Charge", "Customer"):
        assert not mirror(name).objects.exists()
    assert not LegalHold.objects.exists()


def test_a_book_goes_at_its_end_though_a_younger_one_names_it(committed_cast: Cast, invoice: Any) -> None:
    mirror("Charge")._base_manager.using("owner").update(created=BOUGHT + timedelta(days=365))
    erase(committed_cast)
    retention.purge(at=datetime(2035, 1, 1, tzinfo=UTC))
    assert not mirror("Invoice").objects.exists()
    assert mirror("Charge").objects.get().invoice_id is None
    retention.purge(at=datetime(2036, 1, 1, tzinfo=UTC))
    assert not mirror("Charge").objects.exists()


def test_erasing_again_after_a_restore_changes_nothing_that_is_held(
    committed_cast: Cast, invoice: Any
) -> None:
    erase(committed_cast)
    before = mirror("Invoice").objects.values().get()
    local.purge_tenant(committed_cast.acme.pk)
    assert mirror("Invoice").objects.values().get() == before
    assert LegalHold.objects.count() == 3


def test_no_address_is_left_in_what_is_held(committed_cast: Cast, invoice: Any) -> None:
    erase(committed_cast)
    assert "@" not in json.dumps(mirror("Invoice").objects.get().stripe_data)
    assert holds.parts_of({"a": ["x@y", "z"], "b": 1}, {"a": True}) == {"a": ["", "z"]}


def test_the_second_pass_looks_into_held_rows_too(committed_cast: Cast, invoice: Any) -> None:
    erasure = erase(committed_cast)
    mirror("Invoice").objects.update(stripe_data={"note": "office@acme.test"})
    erasure.contacts = ["office@acme.test"]
    with pytest.raises(scanning.TracesLeft, match="djstripe_invoice"):
        scanning.second_pass(erasure)
