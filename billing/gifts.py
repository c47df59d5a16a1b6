"""A plan that an operator gives: by agreement, without Stripe. Inside tenant_context of that tenant."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing import selectors
from billing.models import TenantSubscription
from cutroom.errors import InvalidInput
from metering import conf as metering_conf
from metering import snapshot


def give(*, tenant_id: UUID, plan: str, until: datetime | None, at: datetime) -> TenantSubscription:
    """Give the tenant `plan` until a moment, or for good; an empty plan takes back what was given.

    The larger of this and what is paid for counts. The caller audits why. Raises InvalidInput for an unknown
    plan or an end in the past.
    """
    if plan and plan not in metering_conf.plans():
        raise _refused("plan", f"There is no plan {plan}.")
    if until is not None and until <= at:
        raise _refused("until", "The end has to be in the future.")
    row = selectors.subscription(tenant_id)
    row.granted_plan, row.granted_until = plan, until if plan else None
    row.save()
    snapshot.forget_after_commit(tenant_id)
    return row


def _refused(field: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "code": "invalid", "detail": detail}])
