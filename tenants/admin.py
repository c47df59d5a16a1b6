"""The operator's tables of tenants, and the base of every app's tables: to look at, never to edit.

Rows change by deeds (tenants.console.deeds), which ask for a reason and are audited.
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst

from tenants.models import AuditEntry, Tenant, TenantOwned, WebhookDelivery, WebhookEndpoint


class ReadOnlyAdmin(admin.ModelAdmin):
    """Look, search and filter across tenants by the ops role; no add, no change, no delete for anybody."""

    show_full_result_count = False
    list_per_page = 50

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Under the name of the table; there is nothing to select for a change."""
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Rows of all tenants: the operator has none of its own."""
        model: type[Model] = self.model
        manager = model.everywhere if issubclass(model, TenantOwned) else model._default_manager
        return manager.using("ops").order_by(*(self.get_ordering(request) or ["-pk"]))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """All of them, so that no form is made."""
        hidden = set(self.exclude or ())
        return [field.name for field in self.opts.fields if field.name not in hidden]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class TenantOwnedAdmin(ReadOnlyAdmin):
    """Rows that belong to tenants, found by the tenant."""

    list_select_related: ClassVar[tuple[str, ...]] = ("tenant",)
    search_fields: ClassVar[tuple[str, ...]] = ("tenant__slug", "tenant__email")


def go_to_deed(name: str, rows: QuerySet[Any]) -> HttpResponseRedirect:
    """From the chosen rows of a list to the page of a deed, which asks about all of them at once.

    A deed names things by UUID; a number for an id becomes the UUID of that number.
    """
    ids = [str(UUID(int=pk) if isinstance(pk, int) else pk) for pk in rows.values_list("pk", flat=True)]
    return HttpResponseRedirect(f"{reverse('admin:do', args=[name])}?{urlencode({'id': ids}, doseq=True)}")


@admin.register(Tenant)
class TenantAdmin(ReadOnlyAdmin):
    """The bare rows; the console's page of a tenant says more."""

    list_display = ("slug", "name", "state", "created_at")
    list_filter = ("state",)
    search_fields = ("slug", "name", "email")


@admin.register(AuditEntry)
class AuditEntryAdmin(TenantOwnedAdmin):
    """Who did what to whom, of all tenants; `audit_verify` proves that nothing was changed."""

    list_display = ("at", "tenant", "action", "target", "is_denied", "user_id", "operator_id", "request_id")
    list_filter = ("is_denied",)
    search_fields = ("tenant__slug", "=action", "=target", "=request_id")
    ordering = ("-at", "-id")
    date_hierarchy = None


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(TenantOwnedAdmin):
    """Where tenants want to be told what happened."""

    list_display = ("url", "tenant", "disabled_at", "disabled_reason", "created_at")
    exclude = ("secret_sealed", "previous_secret_sealed")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(TenantOwnedAdmin):
    """Messages on their way to endpoints, and what each try met."""

    list_display = ("created_at", "tenant", "endpoint", "state", "tries", "due_at", "delivered_at")
    list_filter = ("state",)
    list_select_related = ("tenant", "endpoint")
    ordering = ("-created_at", "-id")
    actions = ["replay"]

    @admin.action(description="Send again", permissions=["view"])
    def replay(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> HttpResponseRedirect:
        """Ask, then send the chosen messages again from the first try."""
        return go_to_deed("replay-delivery", queryset)
