"""Deeds on a whole tenant: suspend, restore, and a note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse

from tenants import suspension
from tenants.console.deeds import Deed, ReasonForm, Target, Wish, deed
from tenants.models import OperatorNote, Tenant, TenantState


def target_of(tenant: Tenant, *, refusal: str = "") -> Target:
    """A tenant as the target of a deed."""
    url = reverse("admin:tenant", args=[tenant.pk])
    return Target(
        tenant_id=tenant.pk, kind="tenant", id=str(tenant.pk), label=tenant.name, url=url, refusal=refusal
    )


class TenantDeed(Deed):
    """A deed on tenants as wholes."""

    def targets(self, ids: Sequence[UUID]) -> list[Target]:
        """The tenants of these ids."""
        rows = Tenant.objects.using("ops").filter(pk__in=ids).order_by("slug")
        return [target_of(row, refusal=self.refusal(row)) for row in rows]

    def refusal(self, tenant: Tenant) -> str:
        """Why it cannot be done to this tenant now; empty when it can."""
        return "It is being deleted." if tenant.state == TenantState.DELETING else ""


@deed
class Suspend(TenantDeed):
    """Close a workspace to its members."""

    name, title, button, done = "suspend", "Suspend the workspace", "Suspend", "Suspended"
    is_dangerous = True

    def refusal(self, tenant: Tenant) -> str:
        """Only an active one."""
        return suspension.refusal(tenant, wanted=TenantState.SUSPENDED)

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """What members see."""
        return [
            "Members and API keys are refused from the next request on, with the code tenant-suspended.",
            "Running work goes on to its end; nothing new can be asked for.",
            "Nothing is deleted. Restore opens it again as it was.",
        ]

    def perform(self, target: Target, wish: Wish) -> None:
        """Close it."""
        suspension.suspend()


@deed
class Restore(TenantDeed):
    """Open a suspended workspace again."""

    name, title, button, done = "restore", "Restore the workspace", "Restore", "Restored"

    def refusal(self, tenant: Tenant) -> str:
        """Only a suspended one."""
        return suspension.refusal(tenant, wanted=TenantState.ACTIVE)

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """What members get back."""
        return ["Members and API keys that were valid before work again from the next request on."]

    def perform(self, target: Target, wish: Wish) -> None:
        """Open it."""
        suspension.restore()


class NoteForm(ReasonForm):
    """A note needs no second reason: it is one."""

    reason = forms.CharField(
        label="Note",
        min_length=10,
        max_length=500,
        widget=forms.Textarea(attrs={"class": "in", "rows": 4}),
        help_text="Operators see it on this page. The tenant does not.",
        error_messages={"required": "Write the note.", "min_length": "Write 10 characters or more."},
    )


@deed
class Note(TenantDeed):
    """Remember something about a tenant."""

    name, title, button, done = "note", "Add a note", "Add the note", "Noted"
    form = NoteForm
    has_public_reason = False

    def refusal(self, tenant: Tenant) -> str:
        """Always possible."""
        return ""

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """Nothing changes."""
        return []

    def perform(self, target: Target, wish: Wish) -> None:
        """Keep it."""
        OperatorNote.objects.create(text=wish.reason, author_id=wish.operator_id, created_at=wish.at)
