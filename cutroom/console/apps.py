"""The app config that makes Django's admin our console."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import autodiscover_modules


class ConsoleConfig(AdminConfig):
    """Stock admin, with our site."""

    default = False
    default_site = "cutroom.console.site.ConsoleSite"

    def ready(self) -> None:
        """Find the tables and pages of every app."""
        super().ready()
        autodiscover_modules("console")
