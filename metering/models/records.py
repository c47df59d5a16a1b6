"""What is kept as proof: counts of the store, and months of the ledger as files."""

from __future__ import annotations

from django.db import models

from metering import meters
from tenants.models import TenantOwned


class StorageCount(TenantOwned):
    """What lay in the store at a moment, beside what the meter said; bytes. See `recount`."""

    at = models.DateTimeField()
    stored_bytes = models.BigIntegerField()
    level_bytes = models.BigIntegerField()
    corrected_bytes = models.BigIntegerField(default=0)

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "-at"], name="storage_count_by_time")]

    def __str__(self) -> str:
        return f"{self.stored_bytes} stored, {self.level_bytes} metered"


class UsageSegment(TenantOwned):
    """Lines of the ledger of one month as a JSONL file in the store; part 2 and on are late lines.

    `totals` is the sum of the lines by meter, `last_id` the newest of them.
    """

    month = models.DateField()
    part = models.PositiveSmallIntegerField()
    storage_key = models.CharField(max_length=200)
    lines = models.BigIntegerField()
    last_id = models.BigIntegerField()
    totals = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "month", "part"], name="usage_segment_once")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} part {self.part} of {self.tenant_id}"


class SiteDay(models.Model):
    """What all tenants together added to a meter on a day, for the operator. Summed up every hour, from
    UsageDaily; never written by a request, which would make every tenant wait for one row."""

    day = models.DateField()
    meter = models.CharField(max_length=16, choices=meters.choices)
    amount = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meter", "day"], name="site_day_once")]

    def __str__(self) -> str:
        return f"{self.amount} {self.meter} on {self.day}"
