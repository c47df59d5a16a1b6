"""URLs of the stand-in's pages, mounted at /dev/checkout/."""

from django.urls import path

from billing.standin import clock_page, invoice_page, pay_page, portal_page

urlpatterns = [
    path("pay/<slug:session_id>", pay_page.pay, name="pay"),
    path("confirm/<slug:session_id>", pay_page.confirm, name="confirm"),
    path("portal/<slug:session_id>", portal_page.portal, name="portal"),
    path("invoice/<slug:invoice_id>", invoice_page.show, name="invoice"),
    path("invoice/<slug:invoice_id>/pdf", invoice_page.pdf, name="invoice-pdf"),
    path("clock", clock_page.clock, name="clock"),
]
