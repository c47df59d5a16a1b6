"""Mail about usage: a limit comes near, a meter starts again, an answer to who asked for more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.contrib.auth import get_user_model

from accounts import outbox
from billing import conf
from cutroom import clock
from metering import notices
from metering.meters import Meter
from metering.models import Notice, NoticeKind
from tenants.models import Membership, Role, Tenant

_USEFUL_FOR = timedelta(days=3)


def send(*, notice: Notice) -> None:
    """Put the mail of a notice into the outbox, once for each person it is for; part of its transaction.

    News of a threshold go to every admin, unless the tenant wants none at that percentage. Others go to whom
    they are for, while that person is a member.
    """
    if notice.kind == NoticeKind.THRESHOLD and notice.detail["percent"] not in notices.mail_percents():
        return
    tenant = Tenant.objects.get(pk=notice.tenant_id)
    for recipient in _recipients(notice):
        outbox.enqueue(
            kind=f"usage_{notice.kind}",
            templates="emails/billing",
            recipient=recipient,
            context=_context(notice, tenant),
            at=clock.now(),
            useful_for=_USEFUL_FOR,
        )


def _recipients(notice: Notice) -> Iterator[str]:
    members = Membership.objects.filter(role=Role.ADMIN)
    if notice.user_id is not None:
        members = Membership.objects.filter(user_id=notice.user_id)
    people = get_user_model().objects.filter(pk__in=members.values("user_id"), is_active=True)
    yield from people.order_by("email").values_list("email", flat=True)


def _context(notice: Notice, tenant: Tenant) -> dict[str, object]:
    meter, detail = Meter(notice.meter), notice.detail
    amounts = {
        name: f"{meter.shown(detail[name]):,} {meter.unit_word}".strip()
        for name in ("taken", "limit", "wanted")
        if detail.get(name) is not None
    }
    return {
        "tenant": tenant,
        "meter": meter.label,
        "is_level": meter.is_level,
        "percent": detail.get("percent"),
        "answer": detail.get("answer", ""),
        "url": f"{conf.site_url()}/usage?meter={meter.value}",
        **amounts,
    }
