"""The operator's side of the privacy duties: answer requests in time, keep record of breaches."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from cutroom import clock
from cutroom.errors import DomainError
from gdpr.duties import breaches, requests
from gdpr.duties.forms import AnswerForm
from gdpr.duties.models import Breach, PrivacyRequest
from gdpr.export.models import Export
from gdpr.models import BackupRun, Erasure, LegalHold
from tenants.admin import ReadOnlyAdmin, TenantOwnedAdmin


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(admin.ModelAdmin):
    """Requests by their day: extended once with a reason, or closed with an answer; both are mailed."""

    form = AnswerForm
    list_display = ("kind", "email", "state", "received_at", "due_at", "outcome")
    list_filter = ("state", "kind")
    search_fields = ("email",)
    ordering = ("state", "due_at")
    readonly_fields = ("kind", "email", "text", "state", "received_at", "due_at", "extended_at", "closed_at")
    fields = (*readonly_fields, "extension_reason", "outcome", "answer")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PrivacyRequest]:
        """Everybody's: the app role sees those of one address only."""
        return requests.EVERYBODYS.order_by(*self.ordering)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People ask, at /privacy/requests."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are proof, and go by themselves after three years."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: PrivacyRequest | None = None) -> bool:
        """Until it is closed."""
        is_open = obj is None or obj.state != "closed"
        return is_open and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: PrivacyRequest, form: Any, change: bool) -> None:
        """Extend or close, by the service that knows the rules; what it refuses is said, not saved."""
        by, at = cast(UUID, request.user.pk), clock.now()
        try:
            if "extension_reason" in form.changed_data:
                requests.extend(obj.pk, reason=obj.extension_reason, by=by, at=at)
            if obj.outcome:
                requests.close(obj.pk, outcome=obj.outcome, answer=obj.answer, by=by, at=at)
        except DomainError as refusal:
            messages.error(request, f"Not saved: {refusal.detail}")


@admin.register(Breach)
class BreachAdmin(admin.ModelAdmin):
    """Breaches with their 72 hours. The affected are counted from the audit log whenever one is saved."""

    list_display = ("title", "detected_at", "notify_by", "is_told", "affected_tenants", "affected_people")
    readonly_fields = ("affected_entries", "affected_tenants", "affected_people", "computed_at", "due")
    ordering = ("-detected_at",)

    @admin.display(description="notify by")
    def due(self, breach: Breach) -> Any:
        """Until when the authority has to know; of a new breach nobody knows it yet."""
        return breach.notify_by if breach.detected_at else None

    @admin.display(boolean=True, description="settled")
    def is_told(self, breach: Breach) -> bool:
        """Was the authority told, or written down why not?"""
        return breach.is_settled

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The law wants them documented, also those nobody was told of."""
        return False

    def save_model(self, request: HttpRequest, obj: Breach, form: Any, change: bool) -> None:
        """Count the affected with it."""
        found = breaches.compute(obj, at=clock.now())
        counted = f"{len(found.people)} people of {len(found.tenants)} workspaces are affected."
        messages.info(request, f"{counted} Who, and a letter: manage.py breach_report {obj.pk} --people")


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Wishes to be erased, and how far each got."""

    list_display = ("requested_at", "scope", "state", "purge_after", "error", "finished_at")
    list_filter = ("state", "scope")
    ordering = ("-requested_at",)
    exclude = ("token_hash", "receipt", "contacts", "people", "name")


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
