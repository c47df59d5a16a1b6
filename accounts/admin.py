"""What an operator sees of people. Nothing here shows a secret."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import Session, User


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """People, found by address."""

    list_display = ("email", "is_active", "is_staff", "created_at")
    search_fields = ("email",)
    fields = ("email", "is_active", "is_staff", "is_superuser", "created_at")
    readonly_fields = ("email", "created_at")


@admin.register(Session)
class SessionAdmin(admin.ModelAdmin):
    """Signed-in devices, to look at."""

    list_display = ("user", "device", "ip", "seen_at", "ended_at")
    list_select_related = ("user",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Sessions come from signing in."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Sessions are facts."""
        return False
