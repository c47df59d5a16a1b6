"""Settings of the metering app, read lazily so that tests can override them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings


def entitlements_path() -> str:
    """METERING_ENTITLEMENTS: dotted path of `(tenant_id) -> Entitlements`. Default: one plan for all."""
    return str(getattr(settings, "METERING_ENTITLEMENTS", "metering.entitlements.default_plan"))


def plans() -> Mapping[str, Mapping[str, Any]]:
    """METERING_PLANS: plan to {"limits": {meter: shown amount}, "features": [...]}; no limit is unlimited."""
    return dict(settings.METERING_PLANS)


def default_plan() -> str:
    """METERING_DEFAULT_PLAN: the plan of a tenant that never chose one."""
    return str(getattr(settings, "METERING_DEFAULT_PLAN", "free"))


def lease_seconds() -> int:
    """METERING_LEASE_SECONDS: how long a reservation lives after its last settle. Default: a day."""
    return int(getattr(settings, "METERING_LEASE_SECONDS", 24 * 3600))


def upgrade_url() -> str:
    """METERING_UPGRADE_URL: where a refused tenant finds larger plans. Default: the billing page."""
    return str(getattr(settings, "METERING_UPGRADE_URL", f"{settings.SITE_URL}/billing"))
