"""What each plan grants a month. A meter that is not listed is unlimited; storage is a level, never reset."""

from typing import Any

# Billing decides who has which plan.
METERING_ENTITLEMENTS = "billing.entitlements.for_tenant"
# Rendering knows what projects are called.
METERING_NAMES = "rendering.naming.names_of"

METERING_DEFAULT_PLAN = "free"
# Empty: months begin on the first. "metering.periods.day_of_founding" begins them when the tenant signed up.
METERING_PERIOD_ANCHOR = ""
# A render that nobody hears of for so long gives back what it holds.
METERING_LEASE_SECONDS = 24 * 3600

METERING_PLANS: dict[str, dict[str, Any]] = {
    "free": {
        "limits": {
            "images_count": 500,
            "tts_minutes": 1000,
            "render_minutes": 500,
            "storage_gb": 100,
            "uploads_count": 1000,
        },
        "features": [],
    },
    "pro": {
        "limits": {
            "images_count": 2500,
            "tts_minutes": 5000,
            "render_minutes": 2500,
            "storage_gb": 500,
            "uploads_count": 5000,
        },
        "features": ["4k", "publish", "priority"],
    },
    "enterprise": {"limits": {}, "features": ["4k", "publish", "priority"]},
}
