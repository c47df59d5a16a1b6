"""Deeds of privacy: delete a workspace because its people asked for it, and take that back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms

from cutroom.console.board import Sheet
from gdpr import conf
from gdpr.erasure import asking
from gdpr.models import ErasureState
from tenants.console.deeds import ReasonForm, Target, Wish, deed
from tenants.console.panels import panel
from tenants.console.tenant_deeds import TenantDeed
from tenants.models import Tenant, TenantState


class DeletionForm(ReasonForm):
    """The slug is typed, as by an admin of the workspace."""

    confirm = forms.CharField(
        label="Slug of the workspace",
        max_length=63,
        widget=forms.TextInput(attrs={"class": "in mono", "autocomplete": "off"}),
        help_text="Type it, so that the right one goes.",
        error_messages={"required": "Type the slug of the workspace."},
    )

    field_order = ("confirm", "reason")


class OneTenantDeed(TenantDeed):
    """A deed that is too heavy for more than one workspace at a time."""

    def targets(self, ids: Sequence[UUID]) -> list[Target]:
        """The first of them."""
        return super().targets(ids[:1])


@deed
class Delete(OneTenantDeed):
    """Freeze a workspace now and erase it after the grace. Only its admins may have it erased at once."""

    name, title, button, done = "delete-tenant", "Delete the workspace", "Delete it", "To be deleted"
    form = DeletionForm
    is_dangerous = True

    def refusal(self, tenant: Tenant) -> str:
        """Not a suspended one: whoever takes its deletion back would open it."""
        if tenant.state == TenantState.SUSPENDED:
            return "It is suspended, and taking the deletion back would open it. Restore it first."
        return super().refusal(tenant)

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """What ends now, what is erased when, and who may still say no."""
        days = conf.erasure_grace().days
        return [
            "Sessions, API keys and running work end now, the plan with its period.",
            "Members who sign in again may look and export.",
            f"In {days} days everything is erased for good, also what others made in it.",
            f"Its admins get a mail with a link that takes it back within the {days} days. So can you, here.",
        ]

    def perform(self, target: Target, wish: Wish) -> None:
        """Ask for it in the tenant's name."""
        asking.ask_for_tenant(
            confirm=wish.choices["confirm"], tenant_id=target.tenant_id, is_immediate=False, at=wish.at
        )


@deed
class Keep(OneTenantDeed):
    """Take the deletion of a workspace back, for an admin who lost the mail."""

    name, title, button, done = "keep-tenant", "Keep the workspace", "Keep it", "Kept"

    def refusal(self, tenant: Tenant) -> str:
        """Only one that waits to be deleted."""
        return "" if tenant.state == TenantState.DELETING else "It is not being deleted."

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """What comes back, and what does not."""
        return [
            "Members may sign in again. Nothing was deleted.",
            "Sessions and API keys stay ended, and work that was cancelled stays so. The plan goes on.",
        ]

    def perform(self, target: Target, wish: Wish) -> None:
        """Undo it; too late once the purge has begun."""
        asking.keep_tenant(target.tenant_id, at=wish.at)


@panel("privacy", order=90, tab="Privacy")
def privacy(tenant: Tenant, at: datetime) -> Sheet:
    """Whether the tenant is to be deleted, and when."""
    erasure = asking.waiting_for(tenant.pk)
    context = {
        "tenant": tenant,
        "erasure": erasure,
        "may_be_kept": erasure is not None
        and erasure.state == ErasureState.WAITING
        and erasure.purge_after > at,
    }
    return Sheet(template="gdpr/console/_privacy.html", context=context)
