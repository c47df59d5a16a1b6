"""The tenant's invoices, from dj-stripe's mirror. No row security there: every read names the tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from djstripe.models import Invoice as MirroredInvoice

from billing import conf, facts
from billing.facts import Document


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """An invoice as people read it; amounts in the smallest unit of `currency`, times aware."""

    id: str
    number: str
    status: str
    created_at: datetime | None
    description: str
    amount_due: int
    amount_paid: int
    amount_remaining: int
    currency: str
    attempts: int
    next_attempt_at: datetime | None
    page_url: str | None
    pdf_url: str | None

    @property
    def is_open(self) -> bool:
        """Is somebody still to pay it?"""
        return self.status == "open"


def of_tenant(tenant_id: UUID) -> QuerySet[Any]:
    """The mirror's rows of what the tenant was billed; drafts are nobody's business yet."""
    ours = MirroredInvoice.objects.filter(customer__subscriber_id=tenant_id, livemode=conf.is_live())
    rows: QuerySet[Any] = ours.exclude(stripe_data__status="draft")
    return rows


def newest(tenant_id: UUID, *, count: int) -> list[Invoice]:
    """The newest invoices of the tenant. One query."""
    return [
        read(row.stripe_data) for row in of_tenant(tenant_id).order_by("-created", "-djstripe_id")[:count]
    ]


def read(document: Document) -> Invoice:
    """An invoice from Stripe's document."""
    lines = document["lines"]["data"]
    return Invoice(
        id=document["id"],
        number=document.get("number") or "",
        status=document["status"],
        created_at=facts.moment(document["created"]),
        description=(lines[-1].get("description") or "") if lines else "",
        amount_due=document["amount_due"],
        amount_paid=document["amount_paid"],
        amount_remaining=document["amount_remaining"],
        currency=document["currency"],
        attempts=document.get("attempt_count") or 0,
        next_attempt_at=facts.moment(document.get("next_payment_attempt")),
        page_url=document.get("hosted_invoice_url"),
        pdf_url=document.get("invoice_pdf"),
    )
