"""The billing app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Storey three: plans, and the projection of Stripe's subscriptions."""

    name = "billing"
    label = "billing"
    default_auto_field = "django.db.models.BigAutoField"
