"""A worker keeps its connection to the database from one step to the next."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from cutroom import clock
from rendering import scripts, services
from rendering.models import RenderStep
from tenants.context import tenant_context
from tests.cast import Cast
from tests.workers import finish, workers

SESSIONS = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"


def sessions() -> int:
    """How often somebody has connected to this database."""
    with connection.cursor() as cursor:
        cursor.execute(SESSIONS)
        return int(cursor.fetchone()[0])


@pytest.mark.committed
def test_a_worker_does_not_connect_anew_for_each_step(committed_cast: Cast, worker_log: Path) -> None:
    with tenant_context(committed_cast.acme.pk):
        project = scripts.create_project(title="Mill", script="# One\n\nOne.\n\n# Two\n\nTwo.")
        job = services.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())
    before = sessions()
    with workers(log=worker_log, concurrency=1):
        assert finish(job).state == "succeeded"
        with tenant_context(committed_cast.acme.pk):
            assert sessions() - before < RenderStep.objects.count()
