"""The ground floor as a Django app: no tables, but commands, start-up checks, and what apps declare."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CutroomConfig(AppConfig):
    """Storey zero: everything above may use it."""

    name = "cutroom"
    label = "cutroom"

    def ready(self) -> None:
        """Let each app declare its metrics."""
        from cutroom import dependencies

        dependencies.register()
        autodiscover_modules("metrics")
