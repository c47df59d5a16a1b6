"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Storey two: people and programs."""

    name = "accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the start-up checks."""
        from accounts import checks  # noqa: F401  # importing registers them
