"""The projection of Stripe's subscriptions, and what billing itself has to remember."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing import conf
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
    def is_alive(self) -> bool:
        """Does a subscription in this state give its plan? Past due does for a while, see grace_until."""
        return self in {SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING, SubscriptionStatus.PAST_DUE}


class PlanRules:
    """Which plan a tenant has at a moment, by the five facts that decide it."""

    plan: str
    status: str
    past_due_since: datetime | None
    granted_plan: str
    granted_until: datetime | None

    @property
    def grace_until(self) -> datetime | None:
        """When a failing payment takes the plan away; None while payments succeed."""
        return self.past_due_since + conf.GRACE if self.past_due_since else None

    def gift(self, at: datetime) -> str:
        """The plan that an operator gave and that holds at `at`; empty for none."""
        return self.granted_plan if self.granted_until is None or at < self.granted_until else ""

    def grants_plan(self, at: datetime) -> bool:
        """Does the tenant have `plan` at `at`, because it is paid for?"""
        ends = self.grace_until
        return SubscriptionStatus(self.status).is_alive and (ends is None or at < ends)


class TenantSubscription(PlanRules, TenantOwned):
    """What a tenant pays for, as Stripe last said. No row means the default plan.

    `changes_at` and `next_plan` are a change that is planned, such as a cancellation. `next_amount` is what
    the next invoice will ask in the smallest unit of `currency`; null while nobody has asked Stripe.
    `granted_plan` is given by an operator, without Stripe, until `granted_until` or for ever.
    """

    plan = models.CharField(max_length=32)
    status = models.CharField(max_length=20, choices=SubscriptionStatus, default=SubscriptionStatus.ACTIVE)
    customer_id = models.CharField(max_length=255, blank=True)
    subscription_id = models.CharField(max_length=255, blank=True)
    started_at = models.DateTimeField(null=True)
    trial_end = models.DateTimeField(null=True)
    current_period_end = models.DateTimeField(null=True)
    changes_at = models.DateTimeField(null=True)
    next_plan = models.CharField(max_length=32, blank=True)
    next_amount = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    past_due_since = models.DateTimeField(null=True)
    granted_plan = models.CharField(max_length=32, blank=True, default="", db_default="")
    granted_until = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="tenant_subscription_once")]

    def __str__(self) -> str:
        return f"{self.plan} of {self.tenant_id}, {self.status}"

    @property
    def is_alive(self) -> bool:
        """Is this a subscription that goes on, paid or not?"""
        return bool(self.subscription_id) and SubscriptionStatus(self.status).is_alive


class CheckoutAttempt(TenantOwned):
    """One way to Stripe's page. A tenant has at most one open, so two clicks can never buy twice.

    `key` makes Stripe answer the same session however often it is asked.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True)
    plan = models.CharField(max_length=32)
    session_id = models.CharField(max_length=255, blank=True)
    url = models.TextField(blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(closed_at=None), name="checkout_attempt_open_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "session_id"], name="checkout_attempt_session")]

    def __str__(self) -> str:
        return f"{self.plan} for {self.tenant_id}"


class PastDueNotice(TenantOwned):
    """A mail about a payment that fails since `since`. Written together with the mail, so it goes once."""

    since = models.DateTimeField()
    day = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "since", "day"], name="past_due_notice_once")
        ]

    def __str__(self) -> str:
        return f"day {self.day} of {self.tenant_id}"


class StripeSetup(models.Model):
    """What `stripe_setup` made in one Stripe account. Products, prices and the endpoint are in the mirror."""

    account_id = models.CharField(max_length=255, unique=True)
    portal_configuration_id = models.CharField(max_length=255)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.account_id


class Reconciliation(models.Model):
    """A nightly comparison with Stripe: how many subscriptions were looked at, how many had drifted, and how
    many events up to `events_until` had never come. Looks for lost events until the next one add to it."""

    at = models.DateTimeField()
    checked = models.PositiveIntegerField()
    drifted = models.PositiveIntegerField()
    missing = models.PositiveIntegerField(default=0, db_default=0)
    events_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-at"], name="reconciliation_newest")]

    def __str__(self) -> str:
        return f"{self.drifted} of {self.checked}"
