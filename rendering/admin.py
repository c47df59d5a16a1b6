"""Render jobs and their steps, read-only, for the operator."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from rendering.models import RenderJob, RenderStep


class _ReadOnly(admin.ModelAdmin):
    """Looks across tenants through the ops role and changes nothing."""

    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Rows of every tenant."""
        rows: QuerySet[Any] = self.model.everywhere.using("ops")
        return rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Jobs come from members."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The engine writes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Members delete."""
        return False


@admin.register(RenderJob)
class RenderJobAdmin(_ReadOnly):
    """What is being made, for whom, and how far it is."""

    list_display = ["title", "tenant", "state", "progress", "resolution", "fps", "retries", "created_at"]
    list_filter = ["state", "resolution"]
    list_select_related = ["tenant"]
    search_fields = ["id", "title", "tenant__slug"]
    date_hierarchy = "created_at"
    exclude = ["script"]


@admin.register(RenderStep)
class RenderStepAdmin(_ReadOnly):
    """Attempts, workers and errors of single steps."""

    list_display = ["job", "kind", "scene", "part", "state", "attempt", "failures", "crashes", "worker"]
    list_filter = ["kind", "state"]
    list_select_related = ["job"]
    search_fields = ["job__id", "worker", "error"]
