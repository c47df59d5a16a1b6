"""What an operator sees of people. Nothing here shows a secret, and nothing here changes a row."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import ApiKey, OutboxMail, Session, SuppressedAddress, User
from cutroom import clock
from tenants.admin import ReadOnlyAdmin, TenantOwnedAdmin


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """People, found by address. Who is staff may enter the console; `createsuperuser` makes the first."""

    list_display = ("email", "is_active", "is_staff", "is_superuser", "created_at")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email",)
    ordering = ("-created_at",)
    fields = ("email", "is_active", "is_staff", "is_superuser", "created_at")


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Signed-in devices, to look at."""

    list_display = ("user", "device", "ip", "seen_at", "ended_at", "operator_id")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    ordering = ("-created_at",)


@admin.register(ApiKey)
class ApiKeyAdmin(TenantOwnedAdmin):
    """Programs' keys, by what is visible of them."""

    list_display = ("prefix", "last_four", "tenant", "created_at", "last_used_at", "expires_at", "revoked_at")
    exclude = ("digest",)
    ordering = ("-created_at",)


class MailState(admin.SimpleListFilter):
    """Mails by what became of them."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Waiting, dead or sent."""
        return [("waiting", "waiting"), ("dead", "given up"), ("sent", "sent")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutboxMail]) -> QuerySet[OutboxMail]:
        """The mails of the chosen state."""
        unsent = queryset.filter(sent_at=None)
        chosen = {
            "waiting": unsent.filter(give_up_at__gt=clock.now()),
            "dead": unsent.filter(give_up_at__lte=clock.now()),
            "sent": queryset.exclude(sent_at=None),
        }
        return chosen.get(self.value() or "", queryset)


@admin.register(OutboxMail)
class OutboxMailAdmin(ReadOnlyAdmin):
    """Mail that waits, was given up or has left. Its body is sealed: it may sign somebody in."""

    list_display = ("created_at", "kind", "recipient", "tries", "due_at", "sent_at", "error")
    list_filter = (MailState, "kind")
    search_fields = ("recipient",)
    ordering = ("-created_at",)
    exclude = ("body_sealed", "subject")


@admin.register(SuppressedAddress)
class SuppressedAddressAdmin(ReadOnlyAdmin):
    """Addresses that get no mail, as digests."""

    list_display = ("digest", "reason", "provider", "created_at")
