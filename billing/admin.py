"""The operator's tables of billing: read-only, Stripe has the facts. dj-stripe's own tables are not ours."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect

from billing.models import Reconciliation, TenantSubscription
from tenants.admin import ReadOnlyAdmin, TenantOwnedAdmin, go_to_deed


@admin.register(TenantSubscription)
class TenantSubscriptionAdmin(TenantOwnedAdmin):
    """Who pays for what, and to whom an operator gave a plan."""

    list_display = (
        "tenant",
        "plan",
        "status",
        "granted_plan",
        "granted_until",
        "current_period_end",
        "customer_id",
    )
    list_filter = ("plan", "status", "granted_plan")
    search_fields = (*TenantOwnedAdmin.search_fields, "customer_id")


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    """Nightly comparisons with Stripe."""

    list_display = ("at", "checked", "drifted", "missing", "events_until")
    ordering = ("-at",)


class WebhookState(admin.SimpleListFilter):
    """Webhooks by what became of them."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Failed or processed."""
        return [("failed", "failed"), ("processed", "processed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The webhooks of the chosen state."""
        if self.value() in ("failed", "processed"):
            return queryset.filter(processed=self.value() == "processed")
        return queryset


class WebhookTriggerAdmin(ReadOnlyAdmin):
    """What Stripe sent, as it came in: whether it was signed, processed, and what went wrong."""

    list_display = ("created", "event_type", "valid", "processed", "exception", "remote_ip")
    list_filter = (WebhookState,)
    ordering = ("-created",)
    exclude = ("headers",)
    actions = ["replay"]

    @admin.display(description="Type")
    def event_type(self, row: Any) -> str:
        """The type of the event, as its body says."""
        return str(row.json_body.get("type", ""))

    @admin.action(description="Process again", permissions=["view"])
    def replay(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseRedirect:
        """Ask, then process the chosen webhooks again."""
        return go_to_deed("replay-webhook", queryset)


class MirrorAdmin(ReadOnlyAdmin):
    """A table of dj-stripe's mirror."""

    list_display = ("id", "livemode", "created", "djstripe_updated")
    search_fields = ("id",)
    ordering = ("-djstripe_updated",)
