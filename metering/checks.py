"""Start-up checks of the metering app."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from metering import conf, entitlements


@register
def seams_exist(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The paths in METERING_ENTITLEMENTS, METERING_NAMES and METERING_PERIOD_ANCHOR can be imported."""
    paths = {
        "METERING_ENTITLEMENTS": conf.entitlements_path(),
        "METERING_NAMES": conf.names(),
        "METERING_PERIOD_ANCHOR": conf.period_anchor(),
    }
    problems: list[CheckMessage] = []
    for setting, path in paths.items():
        try:
            import_string(path) if path else None
        except ImportError as error:
            problems.append(Error(f"{setting}: {error}", id="metering.E001"))
    return problems


@register
def plans_are_readable(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every plan in METERING_PLANS names known meters, and the default plan is one of them."""
    problems: list[CheckMessage] = []
    for plan in {*conf.plans(), conf.default_plan()}:
        try:
            entitlements.of_plan(plan)
        except (KeyError, ValueError, ArithmeticError) as error:
            problems.append(Error(f"METERING_PLANS, plan {plan}: {error!r}", id="metering.E002"))
    return problems
