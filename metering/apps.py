"""The metering app; checks its one seam at start."""

from django.apps import AppConfig


class MeteringConfig(AppConfig):
    """Storey two: counters, reservations and the ledger."""

    name = "metering"
    label = "metering"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from metering import checks  # noqa: F401  # importing registers them
