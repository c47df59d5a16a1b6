"""The operator's view of usage: read-only, because the ledger is corrected by new lines, never by edits."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from metering.models import CreditLot, LimitOverride, QuotaCounter, Reservation, ThresholdCrossing, UsageEvent
from tenants.admin import TenantOwnedAdmin


class LedgerAdmin(TenantOwnedAdmin):
    """Rows of a meter; corrected by new lines, never by edits."""

    list_filter: ClassVar[tuple[str, ...]] = ("meter",)


@admin.register(QuotaCounter)
class QuotaCounterAdmin(LedgerAdmin):
    """Used and held, by tenant, meter and period."""

    list_display = ("tenant", "meter", "period_start", "used", "held")
    date_hierarchy = "period_start"


@admin.register(Reservation)
class ReservationAdmin(LedgerAdmin):
    """What is held, and since when nobody settled it."""

    list_display = ("tenant", "key", "meter", "amount_held", "state", "lease_until")
    list_filter = ("state", "meter")
    search_fields = (*LedgerAdmin.search_fields, "key")


@admin.register(UsageEvent)
class UsageEventAdmin(LedgerAdmin):
    """The ledger itself."""

    list_display = ("tenant", "at", "meter", "amount", "subject", "key")
    search_fields = (*LedgerAdmin.search_fields, "key", "subject")
    date_hierarchy = "at"


@admin.register(ThresholdCrossing)
class ThresholdCrossingAdmin(LedgerAdmin):
    """Who was warned of what."""

    list_display = ("tenant", "meter", "period_start", "percent", "taken", "limit_amount", "at")


@admin.register(LimitOverride)
class LimitOverrideAdmin(LedgerAdmin):
    """Limits of tenants' own, past ones too."""

    list_display = (
        "tenant",
        "meter",
        "kind",
        "limit_amount",
        "reason",
        "created_at",
        "expires_at",
        "ended_at",
    )


@admin.register(CreditLot)
class CreditLotAdmin(LedgerAdmin):
    """Usage given or bought beside the plan."""

    list_display = ("tenant", "meter", "amount", "remaining", "reason", "created_at", "expires_at")
