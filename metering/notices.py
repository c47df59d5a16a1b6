"""News for a tenant: written in the transaction of the deed, announced after it, each once."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from cutroom import dispatch
from metering import conf
from metering.meters import Meter
from metering.models import AlertChoice, Notice, NoticeKind
from metering.signals import usage_notice
from tenants import webhooks
from tenants.context import current_tenant_id, tenant_context

THRESHOLDS = (50, 80, 95, 100)
# Mail at the last threshold cannot be switched off: after it work is refused.
LAST = THRESHOLDS[-1]

logger = logging.getLogger(__name__)


def write(
    *,
    key: str,
    kind: NoticeKind,
    meter: Meter,
    at: datetime,
    detail: dict[str, Any] | None = None,
    due_at: datetime | None = None,
    user_id: UUID | None = None,
) -> bool:
    """Write a notice to be announced at `due_at`, at once unless given. False when `key` was written before.

    `user_id` is for whom it is; without one it is for the admins of the tenant.
    """
    due = due_at or at
    values = {
        "kind": kind,
        "meter": meter,
        "detail": detail or {},
        "user_id": user_id,
        "created_at": at,
        "due_at": due,
    }
    _, is_new = Notice.objects.get_or_create(key=key, defaults=values)
    if is_new and due <= at:
        dispatch.after_commit("metering.announce")
    return is_new


def tenants_with_due(at: datetime) -> list[UUID]:
    """Tenants with a notice to announce now. Reads all tenants, by the ops role."""
    due = Notice.everywhere.using("ops").filter(announced_at=None, due_at__lte=at)
    return list(due.order_by("tenant_id").values_list("tenant_id", flat=True).distinct())


def announce_due(tenant_id: UUID, at: datetime) -> int:
    """Announce what is due for a tenant; how many. Any number of workers may do this at once.

    Each notice has a transaction of its own, so a receiver that fails holds up no other notice.
    """
    with tenant_context(tenant_id):
        due = Notice.objects.filter(announced_at=None, due_at__lte=at).order_by("due_at", "id")
        waiting = list(due.values_list("pk", flat=True))
    return sum(_announce(tenant_id, number, at) for number in waiting)


def mail_percents() -> list[int]:
    """At which thresholds the tenant in context wants mail."""
    choice = AlertChoice.objects.first()
    return list(THRESHOLDS) if choice is None else sorted({*choice.percents, LAST})


def choose_mail(percents: Iterable[int]) -> None:
    """Want mail at these thresholds, and always at the last. Unknown ones are left out."""
    chosen = sorted({*percents} & {*THRESHOLDS} | {LAST})
    AlertChoice.objects.update_or_create(tenant_id=current_tenant_id(), defaults={"percents": chosen})


def _announce(tenant_id: UUID, number: int, at: datetime) -> bool:
    try:
        with tenant_context(tenant_id):
            unannounced = Notice.objects.filter(announced_at=None).select_for_update(skip_locked=True)
            notice = unannounced.filter(pk=number).first()
            if notice is None:
                return False
            usage_notice.send(sender=Notice, notice=notice)
            if notice.kind == NoticeKind.THRESHOLD:
                webhooks.announce("usage.threshold", _thin(notice), at=notice.created_at)
            notice.announced_at = at
            notice.save(update_fields=["announced_at"])
    except Exception:  # whatever a receiver raises, the notice stays due and is tried again
        logger.exception("notice_failed", extra={"notice": number})
        return False
    return True


def _thin(notice: Notice) -> dict[str, Any]:
    """What a program is told of a threshold; amounts in shown units."""
    meter = Meter(notice.meter)
    return {
        "meter": meter.value,
        "unit": meter.unit,
        "percent": notice.detail["percent"],
        "used": meter.shown(notice.detail["taken"]),
        "limit": meter.shown(notice.detail["limit"]),
        "usage_url": f"{conf.site_url()}/api/v1/usage",
    }
