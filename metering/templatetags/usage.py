"""The usage banner that every signed-in page carries from 80 % of any meter."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import Resolver404, resolve

from cutroom import clock
from metering import conf, snapshot
from metering.meters import Meter, Shown

register = template.Library()


@register.inclusion_tag("metering/_banner.html", takes_context=True)
def usage_banner(context: dict[str, Any]) -> dict[str, Any]:
    """The fullest meter of the signed-in tenant, from 80 %; nothing below, nothing for strangers.

    No query when the view put a `standing` in the context or a snapshot is there, else two. The page must
    have been entered through TenantMiddleware.
    """
    principal = context.get("principal")
    standing = context.get("standing")
    if standing is None and principal:
        standing = snapshot.standing(principal.tenant_id, clock.now())
    row = standing.fullest if standing else None
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
    principal, standing = context.get("principal"), context.get("standing")
    if principal is None:
        return ""
    standing = standing or snapshot.standing(principal.tenant_id, clock.now())
    return standing.plan.capitalize()


@register.filter
def number(value: Shown) -> str:
    """As precise as meters are shown, without idle zeros: "1,200", "2.1"."""
    return f"{value:,.3f}".rstrip("0").rstrip(".")


@register.filter
def amount(value: Shown, meter: Meter) -> str:
    """A shown amount with its unit, as people read it: "1,200", "2.1 min", "31.052 GB"."""
    return f"{number(value)} {meter.unit_word}".rstrip()


@register.filter
def signed_amount(value: Shown, meter: Meter) -> str:
    """As `amount`, with its sign."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{amount(abs(value), meter)}"


def _page(url: str) -> str:
    """`url`, unless it would be a page of this site that is not there; without billing nothing to compare."""
    path = url.removeprefix(conf.site_url())
    if path.startswith("/"):
        try:
            resolve(path)
        except Resolver404:
            return ""
    return url
