"""The gdpr app."""

from django.apps import AppConfig


class GdprConfig(AppConfig):
    """Storey four: may look into every app below, through their `personal_data` modules."""

    name = "gdpr"
    label = "gdpr"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks."""
        from gdpr import checks  # noqa: F401  # importing registers them
