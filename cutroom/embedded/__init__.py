"""PostgreSQL and Redis from wheels, run as children of whoever needs them. Imports no Django."""

from cutroom.embedded.errors import EmbeddedError
from cutroom.embedded.places import var_dir
from cutroom.embedded.services import Services, prepare, start

__all__ = ["EmbeddedError", "Services", "prepare", "start", "var_dir"]
