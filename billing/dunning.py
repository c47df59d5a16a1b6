"""When a payment fails: seven days of grace, a mail on days 0, 3 and 6, then the free plan.

No job ends the grace: `grants_plan` judges by the time. Mail is the only thing that has to be sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from accounts import outbox
from billing import conf
from billing.models import PastDueNotice, SubscriptionStatus, TenantSubscription
from cutroom import clock
from metering import conf as metering_conf
from tenants.context import tenant_context
from tenants.models import Tenant

ENDED_DAY = conf.GRACE.days
_USEFUL_FOR = timedelta(days=2)


def remind_all(*, at: datetime) -> int:
    """Send every mail that is due, of all tenants; how many."""
    return sum(remind(tenant_id=tenant_id, at=at) for tenant_id in _past_due())


def remind(*, tenant_id: UUID, at: datetime) -> int:
    """Send the mail of the latest day that has come, unless it has gone; 1 or 0.

    Days that passed while no worker ran are not made up for: one mail says how things stand.
    """
    with tenant_context(tenant_id):
        subscription = TenantSubscription.objects.filter(status=SubscriptionStatus.PAST_DUE).first()
        if subscription is None or subscription.past_due_since is None:
            return 0
        since = subscription.past_due_since
        day = max(
            (day for day in (*conf.NOTICE_DAYS, ENDED_DAY) if since + timedelta(days=day) <= at), default=0
        )
        _, is_new = PastDueNotice.objects.get_or_create(since=since, day=day, defaults={"at": at})
        if is_new:
            _send(subscription, day=day)
        return int(is_new)


def _past_due() -> Iterable[UUID]:
    """Across tenants, by the ops role."""
    rows = TenantSubscription.everywhere.using("ops").filter(status=SubscriptionStatus.PAST_DUE)
    return list(rows.order_by("tenant_id").values_list("tenant_id", flat=True))


def _send(subscription: TenantSubscription, *, day: int) -> None:
    tenant = Tenant.objects.get(pk=subscription.tenant_id)
    outbox.enqueue(
        kind="past_due_ended" if day >= ENDED_DAY else "past_due",
        templates="emails/billing",
        recipient=tenant.email,
        context={
            "tenant": tenant,
            "plan": subscription.plan.capitalize(),
            "free_plan": metering_conf.default_plan().capitalize(),
            "since": subscription.past_due_since,
            "ends_at": subscription.grace_until,
            "is_last": day == max(conf.NOTICE_DAYS),
            "url": f"{conf.site_url()}/billing",
        },
        # The outbox lives by the real clock, also where the stand-in has moved that of payments.
        at=clock.now(),
        useful_for=_USEFUL_FOR,
    )
