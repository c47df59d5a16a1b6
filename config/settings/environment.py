"""Reads environment variables; what is wrong with one ends the start with a sentence that names it."""

from __future__ import annotations

import sys
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping


class _Variables(FileAwareMapping):  # type: ignore[misc]  # django-environ ships no types
    """NAME, or the content of the file that NAME_FILE names. An empty value is no value."""

    def __getitem__(self, name: str) -> str:
        try:
            # Files of secrets often end with a newline that nobody meant.
            value = str(super().__getitem__(name)).rstrip("\n")
        except OSError as error:
            sys.exit(f"{name}_FILE names a file that cannot be read: {error.strerror}.")
        if not value:
            raise KeyError(name)
        return value


class Environment(environ.FileAwareEnv):  # type: ignore[misc]  # as above
    """django-environ, but a missing or unreadable variable is a sentence and not a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self.ENVIRON = _Variables()

    def get_value(
        self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, parse_default: bool = False
    ) -> Any:
        """The value. Ends the process when it is required and missing, or of the wrong kind."""
        try:
            return super().get_value(var, cast=cast, default=default, parse_default=parse_default)
        except ImproperlyConfigured:
            sys.exit(f"{var} is not set. Set it, or {var}_FILE; .env.example says what it is.")
        except ValueError as error:
            kind = getattr(cast, "__name__", "value")
            # The value itself may be a secret in the wrong place.
            sys.exit(f"{var} is not a valid {kind} ({type(error).__name__}); .env.example says what it is.")


env = Environment()
