"""The billing app; points the Stripe SDK at its transport."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BillingConfig(AppConfig):
    """Storey three: plans, and the projection of Stripe's subscriptions."""

    name = "billing"
    label = "billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect to Stripe, or to what stands in for it; no request is sent yet."""
        from billing import checks, gateway, receivers  # noqa: F401  # importing checks registers them
        from metering.signals import usage_notice

        gateway.connect()
        usage_notice.connect(receivers.mail_usage_notice, dispatch_uid="billing.usage_mail")
        post_migrate.connect(receivers.furnish_stand_in, sender=self, dispatch_uid="billing.stand_in")
