"""A production installation's environment, on the embedded servers and the test database."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connections

ROOT = Path(settings.BASE_DIR)

_VARIABLES = {"default": "DATABASE_URL", "ops": "DATABASE_OPS_URL", "owner": "DATABASE_OWNER_URL"}


def environment(var: Path, **changes: str | None) -> dict[str, str]:
    """Variables of a sound production process; `changes` sets some, None takes one away."""
    sound = {
        "PATH": os.environ["PATH"],
        "HOME": str(var),
        "DJANGO_SETTINGS_MODULE": "config.settings.base",
        "CUTROOM_VAR": str(var),
        "SECRET_KEY": "Yq8f3ZrT0mVb7KxPw5LsDn2HcGj9Ae4UvXo6Ni1QtE5Rk3Bz8Mf",
        "JWT_SECRET": "Wd5hSx2Ce7Ug9Lp4Ja1Vn6Fk8Tb3Rm0Qy",
        "SIGNING_KEY": "",
        "SITE_URL": "https://cutroom.example",
        "ALLOWED_HOSTS": "cutroom.example",
        "MAGIC_LINK_FROM": "Cutroom <login@cutroom.example>",
        "REDIS_URL": os.environ["REDIS_URL"],
        "PYTHONDONTWRITEBYTECODE": "1",
        **{variable: address(alias) for alias, variable in _VARIABLES.items()},
    }
    for name, value in changes.items():
        if value is None:
            sound.pop(name, None)
        else:
            sound[name] = value
    return sound


def address(alias: str) -> str:
    """The URL of an alias, pointing at the test database."""
    parts = urlsplit(os.environ[_VARIABLES[alias]])
    return urlunsplit(parts._replace(path=f"/{connections[alias].settings_dict['NAME']}"))
