"""Start-up checks of the metering app."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from metering import conf, entitlements


@register
def provider_exists(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The path in METERING_ENTITLEMENTS can be imported."""
    try:
        import_string(conf.entitlements_path())
    except ImportError as error:
        return [Error(f"METERING_ENTITLEMENTS: {error}", id="metering.E001")]
    return []


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
