"""What a tenant's people exported: whose archives lie in the store, and until when."""

from __future__ import annotations

from datetime import datetime

from cutroom.console.board import Sheet
from gdpr.export.models import Export
from tenants.console.panels import panel
from tenants.models import Tenant

EXPORTS_OF_TENANT = 20


@panel("exports", order=86, tab="Files")
def of_tenant(tenant: Tenant, at: datetime) -> Sheet:
    """The newest archives by state, size and age. An operator cannot fetch one."""
    rows = Export.objects.order_by("-created_at", "-id")[:EXPORTS_OF_TENANT]
    return Sheet(template="gdpr/console/_exports.html", context={"at": at, "exports": list(rows)})
