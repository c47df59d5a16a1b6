"""A real worker answers /livez and /metrics, and tells what its pool processes counted."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cutroom import clock, queues, worker_probe
from cutroom.stack import free_port
from rendering import services
from rendering.models import Project, Scene, StepKind
from tenants.context import tenant_context
from tests.cast import Cast
from tests.workers import finish, wait_until, workers

TOKEN = "a-long-token-for-prometheus"


def samples(text: str) -> dict[tuple[str, str], float]:
    """Sample name and the label `kind`, to value."""
    families = text_string_to_metric_families(text)
    return {(s.name, s.labels.get("kind", "")): s.value for family in families for s in family.samples}


@pytest.mark.committed
def test_a_worker_tells_what_its_processes_did(
    committed_cast: Cast, worker_log: Path, tmp_path: Path
) -> None:
    with tenant_context(committed_cast.acme.pk):
        project = Project.objects.create(slug="tides", title="Tides")
        Scene.objects.create(project=project, position=0, narration="The sea walks up the creek.")
    port = free_port()
    extra = {
        "WORKER_PORT": str(port),
        "METRICS_TOKEN": TOKEN,
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
    }
    with workers(log=worker_log, extra=extra), httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        wait_until(lambda: _is_listening(port), what="the worker to answer")
        assert client.get("/livez").status_code == 200
        with tenant_context(project.tenant_id):
            job = services.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())
        assert finish(job).state == "succeeded"
        text = client.get("/metrics").text
        told = samples(text)
        assert {kind for name, kind in told if name == "cutroom_step_seconds_count"} == set(StepKind)
        assert told["cutroom_step_seconds_count", "stitch"] == 1
        assert "cutroom_disk_free_ratio" in text
        assert "cutroom_queue_oldest_seconds" not in text
        assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403
        authorized = {"X-Forwarded-For": "192.0.2.7", "Authorization": f"Bearer {TOKEN}"}
        assert client.get("/metrics", headers=authorized).status_code == 200
        assert client.get("/").status_code == 404


def test_a_worker_whose_loop_stands_still_is_not_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    pulse = worker_probe.Pulse()
    port = free_port()
    server = worker_probe.serve(port, pulse=pulse)
    try:
        assert httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200
        monkeypatch.setattr(pulse, "_beaten_at", pulse._beaten_at - 61)
        assert httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 503
        pulse.beat()
        assert httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200
    finally:
        server.shutdown()
        server.server_close()


def test_each_kind_of_step_has_its_queue() -> None:
    assert tuple(kind.value for kind in StepKind) == queues.STEPS


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
