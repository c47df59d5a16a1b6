"""Backup, loss, restore: everything is there again, and nobody is signed in."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import Session
from cutroom import clock, footage
from gdpr.backups import databases, making, postgres, restoring
from gdpr.backups.aside import close_own_connections
from gdpr.backups.postgres import Address
from gdpr.backups.restoring import Wish
from rendering import services
from rendering.keys import video_key
from rendering.models import JobState, RenderJob
from tenants import holding, storage
from tenants.context import tenant_context
from tests.cast import Cast, open_session
from tests.gdpr.conftest import Vault
from tests.rendering.test_whole_renders import make_project
from tests.workers import finish, workers

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("scratch_databases")]

REPLACE = Wish(replaces=True, confirmed="testserver", has_safety_backup=False)


def tables() -> dict[str, dict[str, object]]:
    """Count and checksum of every table of the live database."""
    with postgres.snapshot(Address.of("owner")) as seen:
        return {name: asdict(table) for name, table in seen.tables().items()}


def files(root: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder."""
    found = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def render(cast: Cast, media: Path, log: Path) -> RenderJob:
    """A real video of Acme, made by a real worker."""
    project = make_project(cast, ["The tide fills the pond."], seconds=1.0)
    with tenant_context(cast.acme.pk):
        job = services.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())
    with workers(log=log, extra={"MEDIA_DIR": str(media)}):
        return finish(job)


def lose_everything(media: Path) -> None:
    close_own_connections()
    databases.drop(Address.of("owner").name)
    shutil.rmtree(media)


def test_everything_comes_back_from_a_total_loss(
    vault: Vault, acme_at_work: Cast, media: Path, worker_log: Path
) -> None:
    job = render(acme_at_work, media, worker_log)
    assert job.state == JobState.SUCCEEDED
    session = open_session(acme_at_work.alice, acme_at_work.acme)
    manifest = vault.manifest(making.make())
    call_command("verify_backup")
    before, stored = tables(), files(media)
    lose_everything(media)
    call_command("backup_status", "--json", stdout=(said := StringIO()))
    assert json.loads(said.getvalue())["last_backup_id"] == manifest.id
    call_command("verify_backup", "--identity", str(vault.identity_file))

    report = restoring.restore(manifest, REPLACE, store=vault.store, identities=vault.identities)

    after = tables()
    changed = {name for name in before if before[name] != after[name]}
    credentials = {"accounts_session", "tenants_hold", "gdpr_backuprun"}
    assert changed <= credentials, changed
    assert files(media) == stored
    assert report["faults"] == []
    assert report["seconds"] > 0
    session.refresh_from_db()
    assert session.end_reason == "restored"
    assert not Session.objects.filter(ended_at=None).exists()
    assert holding.is_held()
    with storage.local_path(video_key(job, "mp4")) as video:
        assert footage.inspect(video).codecs["video"] == "h264"
