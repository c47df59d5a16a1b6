"""The ground floor as a Django app: no tables, but commands, start-up checks, and what apps declare."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CutroomConfig(AppConfig):
    """Storey zero: everything above may use it."""

    name = "cutroom"
    label = "cutroom"

    def ready(self) -> None:
        """Register the start-up checks, and let each app declare its metrics."""
        from cutroom import checks, dependencies  # noqa: F401  # importing checks registers them

        dependencies.register()
        autodiscover_modules("metrics")
