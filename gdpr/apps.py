"""The gdpr app."""

from django.apps import AppConfig


class GdprConfig(AppConfig):
    """Storey four: may look into every app below, through their `personal_data` modules."""

    name = "gdpr"
    label = "gdpr"
