"""The projection of Stripe's subscriptions: the only billing table the product asks."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import TenantOwned


class SubscriptionStatus(models.TextChoices):
    """Stripe's words: https://docs.stripe.com/api/subscriptions/object#subscription_object-status"""

    ACTIVE = "active", _("active")
    TRIALING = "trialing", _("trialing")
    PAST_DUE = "past_due", _("past due")
    INCOMPLETE = "incomplete", _("incomplete")
    INCOMPLETE_EXPIRED = "incomplete_expired", _("incomplete, expired")
    UNPAID = "unpaid", _("unpaid")
    PAUSED = "paused", _("paused")
    CANCELED = "canceled", _("cancelled")

    @property
    def grants_plan(self) -> bool:
        """Does a subscription in this state still give its plan? Past due does, while Stripe retries."""
        return self in {SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING, SubscriptionStatus.PAST_DUE}


class TenantSubscription(TenantOwned):
    """What a tenant pays for, as Stripe last said. No row means the default plan."""

    plan = models.CharField(max_length=32)
    status = models.CharField(max_length=20, choices=SubscriptionStatus, default=SubscriptionStatus.ACTIVE)
    current_period_end = models.DateTimeField(null=True)
    customer_id = models.CharField(max_length=255, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="tenant_subscription_once")]

    def __str__(self) -> str:
        return f"{self.plan} of {self.tenant_id}, {self.status}"
