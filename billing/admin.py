"""The operator's view of subscriptions: read-only, Stripe has the facts."""

from __future__ import annotations

from django.contrib import admin

from billing.models import TenantSubscription
from metering.admin import LedgerAdmin


@admin.register(TenantSubscription)
class TenantSubscriptionAdmin(LedgerAdmin):
    """Who pays for what."""

    list_display = ("tenant", "plan", "status", "current_period_end", "customer_id", "updated_at")
    list_filter = ("plan", "status")
    search_fields = (*LedgerAdmin.search_fields, "customer_id")
