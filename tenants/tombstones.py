"""Tenants that were erased: nothing may be written for them any more, however late a worker wakes up."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from tenants.models import Tombstone


def raise_for(tenant_id: UUID, *, at: datetime) -> None:
    """Mark a tenant as erased. Commit it before its files are removed. Again: no harm."""
    Tombstone.objects.get_or_create(pk=tenant_id, defaults={"at": at})


def stands_for(key: str) -> bool:
    """Was the tenant whose storage key this is erased?"""
    return Tombstone.objects.filter(pk=key.split("/")[1]).exists()
