"""What a tenant may use beyond, or below, its plan: overrides, credits and requests for more."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from metering import meters
from tenants.models import TenantOwned


class OverrideKind(models.TextChoices):
    """How an override's limit meets the plan's: the larger of both counts, or the override alone."""

    AT_LEAST = "at_least", _("at least")
    EXACTLY = "exactly", _("exactly")


class LimitOverride(TenantOwned):
    """A limit of one tenant's own, in the smallest unit; none is unlimited. One a meter is open at a time.

    `slack_percent` None is as the plan has it; see `entitlements.SIMULATED`. Rows are ended, never deleted.
    """

    meter = models.CharField(max_length=16, choices=meters.choices)
    kind = models.CharField(max_length=8, choices=OverrideKind)
    limit_amount = models.BigIntegerField(null=True)
    slack_percent = models.SmallIntegerField(null=True)
    reason = models.CharField(max_length=500)
    author_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "meter"], condition=models.Q(ended_at=None), name="limit_override_open"
            ),
            models.CheckConstraint(
                condition=models.Q(limit_amount__gte=0) | models.Q(limit_amount=None),
                name="limit_override_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter} {self.kind} {self.limit_amount}"


class CreditLot(TenantOwned):
    """Usage bought or given beside the plan, once per key. What expires soonest is drawn first."""

    key = models.CharField(max_length=200)
    meter = models.CharField(max_length=16, choices=meters.choices)
    amount = models.BigIntegerField()
    remaining = models.BigIntegerField()
    expires_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500)
    author_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="credit_lot_once"),
            models.CheckConstraint(
                condition=models.Q(remaining__gte=0, remaining__lte=models.F("amount")),
                name="credit_lot_remaining",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "meter", "expires_at", "id"],
                condition=models.Q(remaining__gt=0),
                name="credit_lot_left",
            )
        ]

    def __str__(self) -> str:
        return f"{self.remaining} of {self.amount} {self.meter}"


class CreditDraw(TenantOwned):
    """How much of a lot one period uses. `lot.amount == lot.remaining + sum(draws)` always."""

    lot = models.ForeignKey(CreditLot, on_delete=models.CASCADE, related_name="draws")
    meter = models.CharField(max_length=16, choices=meters.choices)
    period_start = models.DateField()
    amount = models.BigIntegerField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "meter", "period_start", "lot"], name="credit_draw_once"
            ),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="credit_draw_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.meter} of lot {self.lot_id}"


class RequestState(models.TextChoices):
    """Open until an operator has answered."""

    OPEN = "open", _("open")
    GRANTED = "granted", _("granted")
    DECLINED = "declined", _("declined")


class LimitRequest(TenantOwned):
    """A tenant asks for a higher limit. One a meter is open at a time; granted, it is an override."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meter = models.CharField(max_length=16, choices=meters.choices)
    wanted_amount = models.BigIntegerField()
    limit_amount = models.BigIntegerField(null=True)
    note = models.CharField(max_length=1000)
    asked_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=RequestState, default=RequestState.OPEN)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    answer = models.CharField(max_length=500, blank=True)
    override = models.ForeignKey(LimitOverride, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "meter"],
                condition=models.Q(state=RequestState.OPEN),
                name="limit_request_open",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="limit_request_by_age"),
            models.Index(
                fields=["created_at"], condition=models.Q(state=RequestState.OPEN), name="limit_request_queue"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter} for {self.tenant_id}, {self.state}"
