"""Two weeks of usage of a neighbour, and what it asks for."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from metering import requests, services, site_days
from metering.meters import Meter
from tenants.context import tenant_context
from tenants.models import Tenant
from tenants.neighbours import NEIGHBOURS, Neighbour, furnishes

DAYS = 14


@furnishes("usage", order=20)
def usage(tenant: Tenant, neighbour: Neighbour, at: datetime) -> None:
    """Lines of the ledger, more in the middle of the week; less than a free plan grants in a month."""
    with tenant_context(tenant.pk):
        for age in range(DAYS):
            _day(tenant.pk, at - timedelta(days=age), minutes=neighbour.minutes)
        if neighbour.wants_minutes:
            requests.ask(
                meter=Meter.RENDER,
                wanted=Meter.RENDER.smallest(neighbour.wants_minutes),
                note="We begin a series in spring.",
                user_id=None,
                at=at,
            )

    if neighbour == NEIGHBOURS[-1]:
        # A roll-up looks back three days only, once there is one.
        site_days.roll_up()


def _day(tenant_id: UUID, at: datetime, *, minutes: int) -> None:
    share = (60, 100, 100, 90, 70, 20, 10)[at.weekday()]
    subject = f"render:{uuid5(tenant_id, f'{at:%Y-%m-%d}')}"
    for meter, amount in ((Meter.IMAGES, minutes), (Meter.RENDER, minutes), (Meter.TTS, minutes)):
        exact = meter.smallest(amount) * share // 100
        if exact:
            services.settle(
                tenant_id=tenant_id,
                reservation_key="",
                event_key=f"{subject}:{meter.value}",
                meter=meter,
                amount=exact,
                subject=subject,
                at=at,
            )
