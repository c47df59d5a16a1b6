"""What dj-stripe's mirror of Stripe's objects keeps about people, table by table.

A row hangs on a Stripe customer, and a customer on a tenant. Tables without a way to a customer are in
`mirrored_catalogue`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.apps import apps
from django.db.models import Q

from billing import conf
from cutroom.personal_data import (
    WITH_THE_TENANT,
    Basis,
    Erasure,
    Fields,
    Hold,
    Kept,
    Owner,
    Table,
    access,
    billing,
    identity,
    record,
    secret,
)

_PAYING = "To take payments and know what was paid"
_BOOKS = "To keep the books the law asks for"

_MONEY = ("amount", "amount_due", "amount_paid", "amount_refunded", "currency", "subtotal", "total", "tax")
_TAXES = ("taxes", "tax_amounts", "tax_rates", "total_taxes", "total_tax_amounts", "customer_tax_exempt")
_DOCUMENT = ("id", "object", "number", "created", "status", "status_transitions", "period", "reason")
_LINE = dict.fromkeys((*_MONEY, *_TAXES, *_DOCUMENT, "description", "quantity", "unit_amount"), True)
BOOKS = Hold(
    statute=conf.books_statute(),
    years=conf.books_years(),
    since="created",
    reduced=("metadata",),
    # What an invoice must show (Directive 2006/112/EC, article 226): who, to whom, what, when, how much.
    kept_parts={
        "stripe_data": {
            **_LINE,
            **dict.fromkeys(("period_start", "period_end", "account_name", "account_country"), True),
            **dict.fromkeys(("customer_name", "customer_address", "customer_tax_ids"), True),
            "lines": {"data": _LINE},
        }
    },
)
# Stripe sends an event again for three days; one that comes later is answered by the nightly comparison.
_EVENTS = Kept(text="30 days", stream="billing webhook bodies", days=30, since="created")

COMMON: Mapping[str, Fields] = {
    **{name: record(name) for name in ("djstripe_created", "djstripe_updated", "djstripe_id")},
    **{name: record(name) for name in ("djstripe_owner_account", "livemode", "id", "created")},
    **{name: billing(name) for name in ("stripe_data", "metadata")},
}


def customers_of(tenant_id: UUID) -> list[str]:
    """Stripe's ids of a tenant's customers."""
    customers = apps.get_model("djstripe", "Customer")._default_manager.filter(subscriber=tenant_id)
    return list(customers.values_list("id", flat=True))


def _events_of(tenant_id: UUID) -> Q:
    ids = customers_of(tenant_id)
    return Q(data__object__customer__in=ids) | Q(data__object__id__in=ids)


def _triggers_of(tenant_id: UUID) -> Q:
    events = apps.get_model("djstripe", "Event")._default_manager.filter(_events_of(tenant_id))
    return Q(event__in=events)


def common_fields(lacks: Sequence[str] = ()) -> list[Fields]:
    """Fields of nearly every object of Stripe's, without those that a model lacks."""
    return [field for name, field in COMMON.items() if name not in lacks]


def _payer(
    model: str, *names: str, customer: str = "customer", lacks: Sequence[str] = (), own: Sequence[Fields] = ()
) -> Table:
    return Table(
        model=f"djstripe.{model}",
        owner=Owner(tenant=f"{customer}__subscriber" if customer else "subscriber"),
        purpose=_PAYING,
        kept=WITH_THE_TENANT,
        fields=[*common_fields(lacks), billing(*names), *own],
    )


def _book(model: str, *names: str, customer: str = "customer") -> Table:
    return replace(
        _payer(model, *names, customer=customer),
        purpose=_BOOKS,
        basis=Basis.OBLIGATION,
        kept=Kept(text=f"{BOOKS.years} years: {BOOKS.statute}"),
        erasure=Erasure.HOLD,
        hold=BOOKS,
    )


def _book_join(model: str, book: str) -> Table:
    return replace(
        _book(model, customer=f"{book}__customer"),
        fields=[record("id"), billing(book, "taxrate")],
        hold=replace(BOOKS, since=f"{book}__created", reduced=(), kept_parts={}),
    )


ONLY_ID = tuple(name for name in COMMON if name != "id")

_PAYERS = [
    _payer(
        "Customer",
        "subscriber",
        "default_payment_method",
        "date_purged",
        customer="",
        own=[identity("email")],
    ),
    _payer("Subscription", "customer"),
    _payer("SubscriptionItem", "price", "subscription", customer="subscription__customer"),
    _payer(
        "SubscriptionItem_tax_rates",
        "subscriptionitem",
        "taxrate",
        customer="subscriptionitem__subscription__customer",
        lacks=ONLY_ID,
    ),
    _payer(
        "SubscriptionSchedule",
        "canceled_at",
        "completed_at",
        "current_phase",
        "customer",
        "default_settings",
        "end_behavior",
        "phases",
        "released_at",
        "released_subscription",
        "status",
        "subscription",
    ),
    _payer("Session", "customer", "payment_intent", "setup_intent", "subscription"),
    _payer("PaymentIntent", "customer", "on_behalf_of", "payment_method"),
    _payer("SetupIntent", "customer", "on_behalf_of", "payment_method"),
    _payer("PaymentMethod", "customer"),
    _payer("Source", "customer"),
    _payer("TaxId", "customer", lacks=["metadata"]),
    _payer("Discount", "customer", "invoice", "promotion_code", "subscription"),
    _payer("Mandate", "payment_method", customer="payment_method__customer"),
    _payer(
        "UpcomingInvoice",
        "charge",
        "customer",
        "default_payment_method",
        "payment_intent",
        "subscription",
        lacks=["id"],
    ),
]

_BOOKED = [
    _book("Invoice", "charge", "customer", "default_payment_method", "payment_intent", "subscription"),
    _book_join("Invoice_default_tax_rates", "invoice"),
    _book("InvoiceItem", "customer", "invoice", "price", "subscription"),
    _book_join("InvoiceItem_tax_rates", "invoiceitem"),
    _book("LineItem", "invoice_item", "subscription", "subscription_item", customer="subscription__customer"),
    _book(
        "Charge",
        "amount",
        "currency",
        "balance_transaction",
        "customer",
        "invoice",
        "payment_intent",
        "payment_method",
        "source",
        "status",
    ),
    _book(
        "Refund",
        "amount",
        "balance_transaction",
        "charge",
        "currency",
        "failure_balance_transaction",
        customer="charge__customer",
    ),
    _book("Dispute", "balance_transaction", "charge", "payment_intent", customer="charge__customer"),
]

_WEBHOOKS = [
    Table(
        model="djstripe.Event",
        owner=Owner(tenant_rows=_events_of),
        purpose=_PAYING,
        kept=_EVENTS,
        fields=[
            *common_fields(),
            billing("data", "type"),
            record("api_version", "request_id", "idempotency_key"),
        ],
    ),
    Table(
        model="djstripe.WebhookEventTrigger",
        owner=Owner(tenant_rows=_triggers_of),
        purpose=_PAYING,
        kept=_EVENTS,
        fields=[
            billing("body"),
            # Signatures of Stripe's; a replay needs them.
            secret("headers"),
            access("remote_ip"),
            record("id", "created", "updated", "valid", "processed", "exception", "traceback", "event"),
            record("djstripe_version", "stripe_trigger_account", "webhook_endpoint"),
        ],
    ),
]

TABLES = [*_PAYERS, *_BOOKED, *_WEBHOOKS]
