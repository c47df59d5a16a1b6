"""What a tenant is told: thresholds it crossed, and news that wait to be announced."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from metering import meters
from tenants.models import TenantOwned


class ThresholdCrossing(TenantOwned):
    """A tenant reached a percentage of a limit. Once per period, and again only under another limit."""

    meter = models.CharField(max_length=16, choices=meters.choices)
    period_start = models.DateField()
    percent = models.PositiveSmallIntegerField()
    limit_amount = models.BigIntegerField()
    taken = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "meter", "period_start", "percent", "limit_amount"], name="threshold_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.percent}% of {self.meter} of {self.tenant_id}"


class NoticeKind(models.TextChoices):
    """What there is to tell."""

    THRESHOLD = "threshold", _("threshold reached")
    RESET = "reset", _("starts again")
    GRANTED = "granted", _("request granted")
    DECLINED = "declined", _("request declined")


class Notice(TenantOwned):
    """News for a tenant, written with the deed and announced after it, once per key.

    An outbox: `signals.usage_notice` is sent for each row from `due_at` on, in the transaction that marks it.
    """

    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=NoticeKind)
    meter = models.CharField(max_length=16, choices=meters.choices)
    detail = models.JSONField(default=dict)
    user_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    announced_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="usage_notice_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(announced_at=None), name="usage_notice_due")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class AlertChoice(TenantOwned):
    """At which thresholds a tenant wants mail. No row: at all of them."""

    percents = models.JSONField(default=list)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="alert_choice_once")]

    def __str__(self) -> str:
        return f"{self.percents} for {self.tenant_id}"


class SimulatedRefusal(TenantOwned):
    """Work that was admitted only because the limit is being tried out. Amounts in the smallest unit."""

    key = models.CharField(max_length=200)
    meter = models.CharField(max_length=16, choices=meters.choices)
    period_start = models.DateField()
    requested = models.BigIntegerField()
    taken = models.BigIntegerField()
    limit_amount = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key", "meter"], name="simulated_refusal_once")
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.meter}"
