"""Whose rows go into an export: a workspace's and its requester's own, or only what is about one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from cutroom.personal_data import ExportForm, Owner
from gdpr.data_map import Model, data_map


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Who gets the export. `is_whole` for an admin: the workspace too, not only what is about the person."""

    tenant_id: UUID
    user_id: UUID
    email: str
    is_whole: bool


def tables_for(subject: Subject) -> list[Model]:
    """Tables that may hold rows for this export, those that others refer to first."""
    return [each for each in data_map().personal() if condition(each.table.owner, subject) is not None]


def rows_of(each: Model, subject: Subject) -> QuerySet[Any]:
    """The rows of one table for this export, in the order of their keys. Needs the tenant in context."""
    wanted = condition(each.table.owner, subject)
    rows = each.model._base_manager.all()
    return rows.filter(wanted).order_by("pk") if wanted is not None else rows.none()


def condition(owner: Owner, subject: Subject) -> Q | None:
    """Which rows are the subject's; None when a table has none for them."""
    is_tenants = bool(owner.tenant or owner.tenant_rows)
    if not is_tenants:
        return _own(owner, subject)
    if not subject.is_whole and not owner.person:
        return None
    found = (
        owner.tenant_rows(subject.tenant_id) if owner.tenant_rows else Q(**{owner.tenant: subject.tenant_id})
    )
    return found if subject.is_whole else found & Q(**{owner.person: subject.user_id})


def columns_of(each: Model) -> list[str]:
    """The fields handed over, in the model's order."""
    return [name for name in each.columns if each.table.form_of(name) != ExportForm.EXCLUDED]


def excluded_of(each: Model) -> list[str]:
    """The fields left out, in the model's order."""
    return [name for name in each.columns if each.table.form_of(name) == ExportForm.EXCLUDED]


def masked_of(each: Model) -> set[str]:
    """The fields of which only a word is handed over."""
    return {name for name in each.columns if each.table.form_of(name) == ExportForm.MASKED}


def _own(owner: Owner, subject: Subject) -> Q | None:
    if owner.person:
        return Q(**{owner.person: subject.user_id})
    if owner.mailbox:
        return Q(**{f"{owner.mailbox}__iexact": subject.email})
    return None
