"""The purge against everything that can come between: kill -9, an undo, a render that is still running."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from accounts.models import User
from cutroom import clock
from gdpr.erasure import asking, purging
from gdpr.models import Erasure, ErasureState
from rendering import services as rendering
from rendering.models import RenderStep, StepState
from tenants.context import tenant_context
from tenants.errors import TenantErased
from tenants.models import Tenant
from tests.cast import Cast
from tests.gdpr.conftest import Vault, put
from tests.gdpr.test_erasure import ask, token_of
from tests.rendering.test_whole_renders import make_project
from tests.threads import at_once
from tests.workers import wait_until, worker_environment, workers

pytestmark = pytest.mark.committed

CRASH_POINTS = [f"purge_{when}_{step}" for step in purging.STEPS for when in ("before", "after")]
CRASH_POINTS.append("purge_after_mail")


@pytest.fixture
def acme(vault: Vault, acme_at_work: Cast) -> Cast:
    """Acme at work, with a place for backups and so for the erasure ledger."""
    return acme_at_work


@pytest.mark.fault(37, breaks=["I4"])
@pytest.mark.parametrize("point", CRASH_POINTS)
def test_a_purge_killed_anywhere_ends_complete(
    acme: Cast, vault: Vault, media: Path, settings: Settings, tmp_path: Path, point: str
) -> None:
    ask(acme, immediately=True)
    once = tmp_path / point
    once.touch()
    program = (
        "import django; django.setup(); from cutroom import clock; "
        "from gdpr.erasure import purging; purging.work(at=clock.now())"
    )
    environment = worker_environment(
        {
            "CUTROOM_CRASH_POINTS": str(tmp_path),
            "BACKUP_STORE": settings.GDPR_BACKUP_STORE,
            "MEDIA_DIR": str(media),
        }
    )
    killed = subprocess.run(
        [sys.executable, "-c", program], cwd=django_settings.BASE_DIR, env=environment, check=False
    )
    assert killed.returncode == -9
    assert purging.work(at=clock.now()) == 0, "the dead one's lease still holds"
    assert purging.work(at=clock.now() + purging.LEASE + timedelta(minutes=1)) == 1
    erasure = Erasure.objects.get()
    assert (erasure.state, set(erasure.counts)) == (ErasureState.DONE, set(purging.STEPS)), erasure.error
    assert not Tenant.objects.using("ops").filter(pk=acme.acme.pk).exists()
    assert not User.objects.filter(email__contains="acme").exists()
    assert not (media / "tenants" / str(acme.acme.pk)).exists()


@pytest.mark.fault(37, breaks=["I4"])
def test_undo_and_purge_exclude_each_other(acme: Cast) -> None:
    token = token_of(ask(acme).json()["undo_url"])
    erasure = Erasure.objects.get()
    at = erasure.purge_after

    def race(number: int) -> str:
        try:
            if number % 2:
                asking.undo(token, at=at - timedelta(seconds=1))
                return "undone"
            return "purged" if purging.work(at=at) else ""
        except Exception as refusal:
            return type(refusal).__name__

    outcomes = at_once(race, count=6)
    erasure.refresh_from_db()
    is_there = Tenant.objects.using("ops").filter(pk=acme.acme.pk).exists()
    if erasure.state == ErasureState.UNDONE:
        assert is_there
        assert "purged" not in outcomes
    else:
        assert erasure.state == ErasureState.DONE
        assert not is_there
        assert "undone" not in outcomes


@pytest.mark.fault(36, breaks=["I4"])
def test_a_late_worker_leaves_no_file_after_the_tombstone(acme: Cast, tmp_path: Path, media: Path) -> None:
    ask(acme, immediately=True)
    purging.work(at=clock.now())
    with pytest.raises(TenantErased):
        put(acme, "late.jpg", b"late", tmp_path)
    assert not list(media.rglob("late*"))


def _is_purged() -> bool:
    """A purge that met a message on its way to a worker is tried again; nobody waits five minutes here."""
    done = purging.work(at=clock.now() + purging.PAUSE)
    return done == 1 or Erasure.objects.get().state == ErasureState.DONE


@pytest.mark.fault(36, breaks=["I4"])
def test_erasing_during_a_render_leaves_no_file_behind(
    acme: Cast, media: Path, worker_log: Path, settings: Settings
) -> None:
    project = make_project(acme, ["The tide fills the pond.", "The gate falls shut."], seconds=3.0)
    with tenant_context(acme.acme.pk):
        rendering.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())
    running = RenderStep.everywhere.using("ops").filter(state=StepState.RUNNING)
    extra = {"MEDIA_DIR": str(media), "BACKUP_STORE": settings.GDPR_BACKUP_STORE}
    with workers(log=worker_log, extra=extra):
        wait_until(running.exists, what="a step to run")
        ask(acme, immediately=True)
        wait_until(_is_purged, what="the purge")
    assert Erasure.objects.get().state == ErasureState.DONE
    folder = media / "tenants" / str(acme.acme.pk)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert not RenderStep.everywhere.using("ops").exists()
