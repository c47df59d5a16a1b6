"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Storey two: people and programs."""

    name = "accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the start-up checks."""
        from anymail.signals import tracking

        from accounts import checks, mail_events  # noqa: F401  # importing checks registers them

        tracking.connect(mail_events.note_event, dispatch_uid="accounts.mail_events")
