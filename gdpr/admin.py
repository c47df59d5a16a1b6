"""The operator's tables of privacy and backups, to look at."""

from __future__ import annotations

from django.contrib import admin

from gdpr.export.models import Export
from gdpr.models import BackupRun, Erasure, LegalHold
from tenants.admin import ReadOnlyAdmin, TenantOwnedAdmin


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Wishes to be erased, and how far each got."""

    list_display = ("requested_at", "scope", "state", "purge_after", "error", "finished_at")
    list_filter = ("state", "scope")
    ordering = ("-requested_at",)
    exclude = ("token_hash", "receipt", "contacts", "name")


@admin.register(BackupRun)
class BackupRunAdmin(ReadOnlyAdmin):
    """Backups that were tried, and what checks found."""

    list_display = ("id", "state", "started_at", "database_bytes", "media_bytes", "verified_at", "drilled_at")
    list_filter = ("state",)
    ordering = ("-started_at",)


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyAdmin):
    """What the law keeps for a while after an erasure."""

    list_display = ("model", "row", "statute", "until")


@admin.register(Export)
class ExportAdmin(TenantOwnedAdmin):
    """Exports of personal data that were asked for."""

    list_display = ("name", "tenant", "is_whole", "created_at")
    ordering = ("-created_at",)
