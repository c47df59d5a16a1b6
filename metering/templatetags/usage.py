"""The usage banner that every signed-in page carries from 80 % of any meter."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import Resolver404, resolve

from cutroom import clock
from metering import conf, entitlements, selectors

register = template.Library()


@register.inclusion_tag("metering/_banner.html", takes_context=True)
def usage_banner(context: dict[str, Any]) -> dict[str, Any]:
    """The fullest meter of the signed-in tenant, from 80 %; nothing below, nothing for strangers.

    Two queries. The page must have been entered through TenantMiddleware.
    """
    principal = context.get("principal")
    row = selectors.fullest(principal.tenant_id, clock.now()) if principal else None
    if row is None:
        return {}
    return {
        "row": row,
        "percent": int(row.percent),
        "is_full": row.percent >= 100,
        "upgrade_url": _page(conf.upgrade_url()),
    }


@register.simple_tag(takes_context=True)
def plan_name(context: dict[str, Any]) -> str:
    """The plan of the signed-in tenant as people read it, "Free"; empty for strangers."""
    principal = context.get("principal")
    return entitlements.for_tenant(principal.tenant_id).plan.capitalize() if principal else ""


def _page(path: str) -> str:
    """`path` if this installation has a page there; without billing there is nothing to compare."""
    try:
        resolve(path)
    except Resolver404:
        return ""
    return path
