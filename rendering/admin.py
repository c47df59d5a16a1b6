"""Render jobs and their steps, read-only, for the operator."""

from __future__ import annotations

from django.contrib import admin

from rendering.models import RenderJob, RenderStep
from tenants.admin import TenantOwnedAdmin


@admin.register(RenderJob)
class RenderJobAdmin(TenantOwnedAdmin):
    """What is being made, for whom, and how far it is."""

    list_display = ["title", "tenant", "state", "progress", "resolution", "fps", "retries", "created_at"]
    list_filter = ["state", "resolution"]
    list_select_related = ("tenant",)
    search_fields = ("id", "title", "tenant__slug")
    ordering = ["-created_at", "-id"]
    exclude = ["script"]


@admin.register(RenderStep)
class RenderStepAdmin(TenantOwnedAdmin):
    """Attempts, workers and errors of single steps."""

    list_display = ["job", "kind", "scene", "part", "state", "attempt", "failures", "crashes", "worker"]
    list_filter = ["kind", "state"]
    list_select_related = ("job",)
    exclude = ["inputs", "output"]
    search_fields = ("job__id", "worker", "error")
