"""The operator's view of usage: read-only, because the ledger is corrected by new lines, never by edits."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from metering.models import QuotaCounter, Reservation, ThresholdCrossing, UsageEvent
from tenants.models import TenantOwned


class LedgerAdmin(admin.ModelAdmin):
    """Look, search and filter across tenants by the ops role; no add, change or delete."""

    list_select_related = ("tenant",)
    list_filter: ClassVar[tuple[str, ...]] = ("meter",)
    search_fields: ClassVar[tuple[str, ...]] = ("tenant__slug", "tenant__email")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[TenantOwned]:
        """Rows of all tenants: the operator has none of its own."""
        model: type[TenantOwned] = self.model
        return model.everywhere.using("ops").order_by("-pk")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


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
