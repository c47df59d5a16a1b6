"""A backup of much media takes no more memory than one of little."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from tests.cast import Cast
from tests.gdpr.conftest import Vault
from tests.workers import worker_environment

pytestmark = pytest.mark.committed

MEGABYTE = 1024 * 1024
PROGRAM = """
import resource, sys, django
django.setup()
from django.core.management import call_command
call_command(*sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def peak(settings: Settings, *command: str) -> int:
    """Bytes of memory a command takes at most, in a process of its own."""
    environment = worker_environment(
        {
            "BACKUP_STORE": settings.GDPR_BACKUP_STORE,
            "BACKUP_RECIPIENTS": settings.GDPR_BACKUP_RECIPIENTS[0],
            "MEDIA_DIR": settings.STORAGES["default"]["OPTIONS"]["location"],
        }
    )
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command],
        cwd=django_settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(answer.stdout.split()[-1])


def test_the_memory_does_not_grow_with_the_media(
    vault: Vault, acme_at_work: Cast, media: Path, settings: Settings
) -> None:
    little = peak(settings, "backup")
    film = media / "tenants" / str(acme_at_work.acme.pk) / "videos" / "film.mp4"
    film.parent.mkdir()
    with film.open("wb") as file:
        file.truncate(300 * MEGABYTE)
    much = peak(settings, "backup")
    opened = peak(settings, "verify_backup", "--identity", str(vault.identity_file))
    assert max(much, opened) - little < 30 * MEGABYTE, (little, much, opened)
