"""An import that dies, or is stopped, leaves nothing behind, and can be done again."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.conf import settings

from accounts.models import User
from cutroom import clock
from gdpr import leftovers
from gdpr.export import importing
from tests.gdpr.test_import import archive, assert_untouched, files_in, load, lose_everything
from tests.workers import worker_environment

__all__ = ["archive"]

pytestmark = pytest.mark.committed

CRASH_POINTS = ["import-files-stored"]


def killed_import(archive: Path, media: Path, tmp_path: Path) -> None:
    """An import died between its files and its rows."""
    lose_everything(media)
    point = tmp_path / "points" / CRASH_POINTS[0]
    point.parent.mkdir()
    point.touch()
    extra = {"MEDIA_DIR": str(media), "CUTROOM_CRASH_POINTS": str(point.parent)}
    command = [sys.executable, "manage.py", "import_export", str(archive)]
    killed = subprocess.run(command, cwd=settings.BASE_DIR, env=worker_environment(extra), check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not User.objects.exists()
    assert files_in(media) != []


def test_an_import_that_was_killed_is_done_again(archive: Path, media: Path, tmp_path: Path) -> None:
    killed_import(archive, media, tmp_path)
    assert load(archive)["rows"]["rendering.Project"] == 2
    assert leftovers.remove(at=clock.now()) == 0, "what was loaded just now stays"


def test_the_files_of_an_import_that_was_killed_go_after_a_day(
    archive: Path, media: Path, tmp_path: Path
) -> None:
    killed_import(archive, media, tmp_path)
    count = len(files_in(media))
    assert leftovers.remove(at=clock.now() + timedelta(hours=23)) == 0, "it may still be running"
    assert leftovers.remove(at=clock.now() + timedelta(hours=25)) == count
    assert files_in(media) == []


def test_an_import_that_is_stopped_leaves_nothing(
    archive: Path, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_everything(media)
    for stop in (KeyboardInterrupt(), OSError("no space left on device")):
        monkeypatch.setattr(importing, "crash_at", Mock(side_effect=stop))
        with pytest.raises(type(stop)):
            load(archive)
        assert_untouched(media)
