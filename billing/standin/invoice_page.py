"""An invoice of the stand-in, as a page and as a PDF."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.standin import paper, state
from billing.standin.door import only_here
from billing.standin.state import Thing
from billing.templatetags.payments import money


@only_here
@require_safe
def show(request: HttpRequest, invoice_id: str) -> HttpResponse:
    """The invoice on a page."""
    invoice = _invoice(invoice_id)
    context = {"invoice": invoice, "at": datetime.fromtimestamp(invoice["created"], UTC)}
    return render(request, "billing/standin/invoice.html", context)


@only_here
@require_safe
def pdf(request: HttpRequest, invoice_id: str) -> HttpResponse:
    """The invoice as a file."""
    invoice = _invoice(invoice_id)
    body = paper.pdf(list(_lines(invoice)))
    name = f'attachment; filename="{invoice["number"]}.pdf"'
    return HttpResponse(body, content_type="application/pdf", headers={"Content-Disposition": name})


def _invoice(invoice_id: str) -> Thing:
    with state.opened() as store:
        return store.get(invoice_id, "invoice")


def _lines(invoice: Thing) -> list[str]:
    at = datetime.fromtimestamp(invoice["created"], UTC)
    currency = invoice["currency"]
    rows = [f"{row['description']}: {money(row['amount'], currency)}" for row in invoice["lines"]["data"]]
    off = [f"Discount: -{money(row['amount'], currency)}" for row in invoice["total_discount_amounts"]]
    tax = [f"Tax: {money(row['amount'], currency)}" for row in invoice["total_taxes"]]
    return [
        "Test payments: no money moved",
        "",
        f"Invoice {invoice['number']}",
        f"{at.day} {at:%B %Y}",
        f"For {invoice['customer_name'] or ''} <{invoice['customer_email'] or ''}>",
        "",
        *rows,
        *off,
        *tax,
        "",
        f"Total: {money(invoice['total'], currency)}",
        f"Paid: {money(invoice['amount_paid'], currency)}",
    ]
