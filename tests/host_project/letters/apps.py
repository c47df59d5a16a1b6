"""The app of letters."""

from django.apps import AppConfig


class LettersConfig(AppConfig):
    """Stands above all of Cutroom's apps."""

    name = "letters"
    label = "letters"
    default_auto_field = "django.db.models.BigAutoField"
