"""Settings of the metering app, read lazily so that tests can override them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings


def entitlements_path() -> str:
    """METERING_ENTITLEMENTS: dotted path of `(tenant_id) -> Entitlements`. Default: one plan for all."""
    return str(getattr(settings, "METERING_ENTITLEMENTS", "metering.entitlements.default_plan"))


def plans() -> Mapping[str, Mapping[str, Any]]:
    """METERING_PLANS: plan to {"limits": {meter: shown amount}, "features": [...]}; no limit is unlimited.

    Each may also have "slack": {meter: "hard", "simulate", or the percentage the limit may be passed by}.
    """
    return dict(settings.METERING_PLANS)


def own_meters() -> Mapping[str, Mapping[str, Any]]:
    """METERING_METERS: meters of another product, {name: {"label", "unit", "factor", "is_level"}}.

    `unit` is what people see ("count", "minutes", …), `factor` the smallest units in it (1 unless given).
    Names have 16 characters at most. Read once, at the start.
    """
    declared: Mapping[str, Mapping[str, Any]] = getattr(settings, "METERING_METERS", {})
    return {name: {"unit": "count", "factor": 1, "is_level": False, **own} for name, own in declared.items()}


def default_plan() -> str:
    """METERING_DEFAULT_PLAN: the plan of a tenant that never chose one."""
    return str(getattr(settings, "METERING_DEFAULT_PLAN", "free"))


def period_anchor() -> str:
    """METERING_PERIOD_ANCHOR: dotted path of `(tenant_id) -> day of the month` on which months begin.

    Empty (the default): calendar months. It must give a tenant the same day for ever.
    """
    return str(getattr(settings, "METERING_PERIOD_ANCHOR", ""))


def lease_seconds() -> int:
    """METERING_LEASE_SECONDS: how long a reservation lives after its last settle. Default: a day."""
    return int(getattr(settings, "METERING_LEASE_SECONDS", 24 * 3600))


def names() -> str:
    """METERING_NAMES: dotted path of `(ids) -> {id: (name, url)}` for projects and members; empty: no names.

    A higher app answers, inside tenant_context and in one query.
    """
    return str(getattr(settings, "METERING_NAMES", ""))


def site_url() -> str:
    """SITE_URL: the address people use, without a slash at the end."""
    return str(settings.SITE_URL)


def redis_url() -> str:
    """REDIS_URL: where snapshots are kept; nothing is lost with them."""
    return str(settings.REDIS_URL)


def upgrade_url() -> str:
    """METERING_UPGRADE_URL: where a refused tenant finds larger plans. Default: the billing page."""
    return str(getattr(settings, "METERING_UPGRADE_URL", f"{settings.SITE_URL}/billing"))


def library_url() -> str:
    """METERING_LIBRARY_URL: where a tenant deletes what it stores. Default: the library page."""
    return str(getattr(settings, "METERING_LIBRARY_URL", f"{settings.SITE_URL}/library"))


def ask_url(meter: str) -> str:
    """Where a tenant asks for a higher limit of a meter."""
    return f"{settings.SITE_URL}/usage?meter={meter}#h-ask"
