"""URLs of the billing app: the API at /api/billing/, the pages at the root."""

from django.urls import URLPattern, URLResolver, include, path

from billing import api, views, webhooks
from billing.standin import urls as standin

api_urlpatterns = [
    path("plans", api.PlansAPI.as_view(), name="plans"),
    path("subscription", api.SubscriptionAPI.as_view(), name="subscription"),
    path("checkout", api.CheckoutAPI.as_view(), name="checkout"),
    path("portal", api.PortalAPI.as_view(), name="portal"),
    path("invoices", api.InvoicesAPI.as_view(), name="invoices"),
    path("webhook/<uuid:endpoint>", webhooks.receive, name="webhook"),
]

page_urlpatterns: list[URLPattern | URLResolver] = [
    path("billing", views.show, name="billing"),
    path("billing/checkout", views.check_out, name="checkout"),
    path("billing/portal", views.visit_portal, name="portal"),
    path("billing/plan", views.change_plan, name="plan"),
    path("billing/return", views.come_back, name="return"),
    path("dev/checkout/", include((standin.urlpatterns, "stand-in"))),
]
