"""Which operator looked at what of a tenant: the tenant reads it in its audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from tenants import audit
from tenants.context import tenant_context

ACTION = "operator.looked"


def note(request: HttpRequest, tenant_id: UUID, *, target: str, at: datetime) -> None:
    """Record that the operator opened a page about this thing of the tenant; once an hour for each thing.

    Call it before anything is shown: what cannot be recorded is not shown.
    """
    caller: Any = request.principal  # type: ignore[attr-defined]  # see TenantRequest
    # The id follows from who, what and which hour, so that a second entry is refused.
    entry_id = uuid5(NAMESPACE_URL, f"{ACTION}:{caller.user_id}:{tenant_id}:{target}:{at:%Y-%m-%dT%H}")
    with tenant_context(tenant_id, actor=caller.operator):
        try:
            with transaction.atomic():
                audit.record(ACTION, target=target, entry_id=entry_id)
        except IntegrityError:
            return
