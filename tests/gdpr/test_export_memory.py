"""An export of much takes no more memory than one of little."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from gdpr.export import making
from gdpr.export.models import Export
from tenants import storage
from tests.cast import Cast
from tests.gdpr.exports import ask
from tests.workers import worker_environment

pytestmark = pytest.mark.committed

MEGABYTE = 1024 * 1024
LARGE = 600 * MEGABYTE
PROGRAM = """
import resource, django
django.setup()
from gdpr.export import making
assert making.make_next()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def peak_of_making(media: Path) -> int:
    """Bytes of memory that making the waiting export takes at most, in a process of its own."""
    environment = worker_environment({"MEDIA_DIR": str(media)})
    command = [sys.executable, "-c", PROGRAM]
    answer = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True
    )
    return int(answer.stdout.split()[-1])


def test_the_memory_does_not_grow_with_the_workspace(committed_cast: Cast, media: Path) -> None:
    ask(committed_cast.alice, committed_cast.acme)
    little = peak_of_making(media)
    Export.everywhere.using("ops").update(state="expired")
    key = storage.storage_key(tenant_id=committed_cast.acme.pk, area="videos", name="film.mp4")
    film = media / key
    film.parent.mkdir(parents=True)
    with film.open("wb") as file:
        file.truncate(LARGE)
    export = ask(committed_cast.alice, committed_cast.acme)
    much = peak_of_making(media)
    with storage.local_path(making.archive_key(export)) as path:
        assert path.stat().st_size > LARGE
    assert much - little < 30 * MEGABYTE, (little, much)
