"""The name of a tenant's plan, for those who only show it. Who knows it is named by TENANTS_ENTITLEMENTS."""

from __future__ import annotations

from uuid import UUID

from django.utils.module_loading import import_string

from tenants import conf


def plan_name(tenant_id: UUID) -> str:
    """The plan of the tenant in context, such as "free"."""
    return str(import_string(conf.entitlements())(tenant_id).plan)
