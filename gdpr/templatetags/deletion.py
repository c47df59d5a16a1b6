"""The countdown that every signed-in page carries while the workspace is to be deleted."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from django import template

from cutroom import clock, dials
from gdpr import conf
from gdpr.erasure import asking
from gdpr.models import Erasure
from tenants.models import TenantState
from tenants.roles import Capability

register = template.Library()


@register.inclusion_tag("gdpr/_deletion_banner.html", takes_context=True)
def deletion_banner(context: dict[str, Any]) -> dict[str, Any]:
    """When the workspace goes and how many days that is away; nothing, and no query, for any other."""
    return _facts(context)


@register.inclusion_tag("gdpr/_deletion_dial.html", takes_context=True)
def deletion_dial(context: dict[str, Any]) -> dict[str, Any]:
    """The same as a dial, with the button that keeps everything for whoever may press it."""
    return _facts(context)


def days_left(erasure: Erasure, *, at: datetime) -> int:
    """Begun days until the purge."""
    return max(0, math.ceil((erasure.purge_after - at).total_seconds() / 86_400))


def _facts(context: dict[str, Any]) -> dict[str, Any]:
    principal = context.get("principal")
    if principal is None or principal.tenant_state != TenantState.DELETING:
        return {}
    erasure = asking.waiting_for(principal.tenant_id)
    if erasure is None:
        return {}
    days = days_left(erasure, at=clock.now())
    return {
        "erasure": erasure,
        "days": days,
        "may_keep": principal.may(Capability.DELETE_TENANT),
        "leader": dials.leader(min(100, 100 * days // max(1, conf.erasure_grace().days))),
        "backups_until": erasure.purge_after + conf.backup_kept(),
        "csrf_token": context.get("csrf_token"),
    }
