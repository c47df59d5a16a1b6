"""The rendering app; connects its receivers."""

from django.apps import AppConfig


class RenderingConfig(AppConfig):
    """Storey three: scripts in, videos out."""

    name = "rendering"
    label = "rendering"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers; no queries here, `migrate` itself runs through this."""
        from accounts.signals import signed_up
        from rendering import receivers

        signed_up.connect(receivers.give_starter_project, dispatch_uid="rendering.starter_project")
