"""URLs of the billing app, mounted at /api/billing/."""

from django.urls import path

from billing import api

api_urlpatterns = [
    path("plans", api.PlansAPI.as_view(), name="plans"),
    path("subscription", api.SubscriptionAPI.as_view(), name="subscription"),
]
