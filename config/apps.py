"""The roof as a Django app: no tables, only what is done when everything below is there."""

import gc

from django.apps import AppConfig


class RoofConfig(AppConfig):
    """The last of INSTALLED_APPS."""

    name = "config"

    def ready(self) -> None:
        """Look for garbage again, see config/__init__.py. What is there by now stays, so it is left out."""
        gc.freeze()
        gc.enable()
