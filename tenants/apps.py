"""The tenants app; connects row security to every migrate."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TenantsConfig(AppConfig):
    """Storey one: everything above belongs to a tenant declared here."""

    name = "tenants"
    label = "tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers; no queries here, `migrate` itself runs through this."""
        from tenants import checks, receivers  # noqa: F401  # importing checks registers them

        post_migrate.connect(receivers.apply_row_security, sender=self, dispatch_uid="tenants.row_security")
