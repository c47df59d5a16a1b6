"""Closing a workspace to its members for a while, and opening it again. Inside tenant_context."""

from __future__ import annotations

from cutroom.errors import Conflict
from tenants.context import current_tenant_id
from tenants.models import Tenant, TenantState


def suspend() -> Tenant:
    """Close the tenant in context: from the next request on its members and keys are refused with 403.

    The caller audits why. Raises Conflict for one that is suspended or being deleted.
    """
    return _change(TenantState.ACTIVE, TenantState.SUSPENDED)


def restore() -> Tenant:
    """Open the tenant in context again. Raises Conflict for one that is not suspended."""
    return _change(TenantState.SUSPENDED, TenantState.ACTIVE)


def refusal(tenant: Tenant, *, wanted: TenantState) -> str:
    """Why a tenant cannot become `wanted` now; empty when it can."""
    if tenant.state == TenantState.DELETING:
        return "It is being deleted."
    return f"It is {tenant.get_state_display()} already." if tenant.state == wanted else ""


def _change(before: TenantState, after: TenantState) -> Tenant:
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
    if tenant.state != before:
        raise Conflict(refusal(tenant, wanted=after) or "It is not suspended.")
    tenant.state = after
    tenant.save(update_fields=["state"])
    return tenant
