"""The ledger and its sums. `counter == sum(ledger)` always; reconcile_usage proves it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from metering import meters
from tenants.models import Tenant, TenantOwned


class ReservationState(models.TextChoices):
    """Held until work uses it up (settled) or the rest is given back (released)."""

    HELD = "held", _("held")
    SETTLED = "settled", _("settled")
    RELEASED = "released", _("released")


class LedgerRow(TenantOwned):
    """A row that work waits for.

    A foreign key would lock the tenant's row with every line; row security already ties lines to the tenant
    in context.
    """

    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )

    class Meta(TenantOwned.Meta):
        abstract = True


class QuotaCounter(LedgerRow):
    """What a tenant used and holds of one meter in one period, in the smallest unit.

    The only row that decides whether work is admitted. `credited` is how much of used and held is paid by
    credit lots; the rest counts against the limit. Its pages are kept half empty (migration 0002), so an
    update stays on its page and touches no index.
    """

    meter = models.CharField(max_length=16, choices=meters.choices)
    period_start = models.DateField()
    used = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    credited = models.BigIntegerField(default=0, db_default=0)

    class Meta(LedgerRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "meter", "period_start"], name="quota_counter_once"),
            models.CheckConstraint(condition=models.Q(held__gte=0), name="quota_counter_held"),
            models.CheckConstraint(condition=models.Q(credited__gte=0), name="quota_counter_credited"),
        ]
        # For the operator, who compares tenants. Neither column ever changes, so updates stay off it.
        indexes = [models.Index(fields=["meter", "period_start"], name="quota_counter_by_period")]

    def __str__(self) -> str:
        return f"{self.meter} of {self.tenant_id} since {self.period_start}"


class Reservation(LedgerRow):
    """Capacity held for work that was admitted. `amount_held` is what remains of it."""

    key = models.CharField(max_length=200)
    meter = models.CharField(max_length=16, choices=meters.choices)
    period_start = models.DateField()
    amount_held = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=ReservationState, default=ReservationState.HELD)
    lease_until = models.DateTimeField()
    project_id = models.UUIDField(null=True)
    user_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta(LedgerRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key", "meter"], name="reservation_once"),
            models.CheckConstraint(condition=models.Q(amount_held__gte=0), name="reservation_held"),
        ]
        indexes = [
            # Few rows are held at once. The lease itself is left out, so renewing it touches no index.
            models.Index(
                fields=["tenant"], condition=models.Q(state=ReservationState.HELD), name="reservation_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.meter} {self.state}"


class UsageEvent(LedgerRow):
    """One line of the ledger: what was consumed, when, and for what. Corrections are new lines."""

    is_append_only = True

    key = models.CharField(max_length=200)
    meter = models.CharField(max_length=16, choices=meters.choices)
    amount = models.BigIntegerField()
    period_start = models.DateField()
    at = models.DateTimeField()
    project_id = models.UUIDField(null=True)
    subject = models.CharField(max_length=200)
    user_id = models.UUIDField(null=True)
    detail = models.JSONField(default=dict)

    class Meta(LedgerRow.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="usage_event_once")]
        indexes = [
            models.Index(fields=["tenant", "-at", "-id"], name="usage_event_by_time"),
            models.Index(fields=["tenant", "meter", "-at", "-id"], name="usage_event_by_meter"),
            models.Index(fields=["tenant", "subject", "-at", "-id"], name="usage_event_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.amount} {self.meter}"


class UsageDaily(LedgerRow):
    """The ledger summed by day, written together with it. The period is part of the key, because work that
    was admitted before midnight at the end of a month counts there though it was done the day after."""

    meter = models.CharField(max_length=16, choices=meters.choices)
    period_start = models.DateField()
    day = models.DateField()
    amount = models.BigIntegerField()

    class Meta(LedgerRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "meter", "period_start", "day"], name="usage_daily_once"
            )
        ]
        indexes = [models.Index(fields=["day"], name="usage_daily_by_day")]
        verbose_name_plural = "usage daily"

    def __str__(self) -> str:
        return f"{self.meter} of {self.tenant_id} on {self.day}"


class Sharer(models.TextChoices):
    """Whose part of a sum it is."""

    PROJECT = "project", _("project")
    MEMBER = "member", _("member")


class UsageShare(LedgerRow):
    """The ledger summed by project and by member, written together with it. No `sharer_id`: nobody's."""

    meter = models.CharField(max_length=16, choices=meters.choices)
    period_start = models.DateField()
    kind = models.CharField(max_length=8, choices=Sharer)
    sharer_id = models.UUIDField(null=True)
    amount = models.BigIntegerField()

    class Meta(LedgerRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "meter", "period_start", "kind", "sharer_id"],
                nulls_distinct=False,
                name="usage_share_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.meter} of {self.kind} {self.sharer_id}"
