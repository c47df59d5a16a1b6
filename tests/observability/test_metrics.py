"""/metrics: who may read it, what it tells, and that no label names a person or a thing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from cutroom import clock, metrics
from cutroom.metrics import Reading
from metering.models import QuotaCounter
from metering.tasks import reconcile
from rendering import metrics as rendering_metrics
from rendering import outcomes, services
from rendering.engine import start_job
from rendering.leases import claim
from rendering.models import Project, RenderJob, RenderStep, Scene
from tenants.context import tenant_context
from tests.cast import Cast

SECRETS = ("alice@acme.test", "A secret title", "Nobody else may hear this.")

pytestmark = pytest.mark.committed


@pytest.fixture
def job(committed_cast: Cast) -> RenderJob:
    """A render of Acme's whose pictures and voices are ready to be made."""
    with tenant_context(committed_cast.acme.pk):
        project = Project.objects.create(slug="secret", title=SECRETS[1])
        Scene.objects.create(project=project, position=0, narration=SECRETS[2])
        job = services.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())
    start_job(tenant_id=job.tenant_id, job_id=job.pk)
    return job


@pytest.fixture
def broken_reading() -> Iterator[None]:
    def read() -> metrics.Values:
        raise ConnectionError(SECRETS[0])

    metrics.register(Reading(name="broken", help="Fails always.", read=read))
    yield
    metrics._readings.pop("broken")


def scrape(client: Client) -> dict[str, Metric]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def value(families: dict[str, Metric], name: str, **labels: str) -> float:
    [found] = [
        sample.value
        for family in families.values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return found


def counted(name: str, **labels: str) -> float:
    [found] = [
        sample.value
        for family in text_string_to_metric_families(metrics.page().decode())
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ] or [0.0]
    return found


def test_this_machine_may_read_them(client: Client) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.3", "::2", ""])
def test_nobody_else_may(client: Client, address: str) -> None:
    answer = client.get("/metrics", REMOTE_ADDR=address)
    assert answer.status_code == 403
    assert "METRICS_TOKEN" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_a_proxy_on_this_machine_is_not_this_machine(client: Client, name: str) -> None:
    assert client.get("/metrics", headers={name: "127.0.0.1"}).status_code == 403


def test_the_token_opens_them_from_anywhere_and_by_any_host_name(client: Client, settings: Settings) -> None:
    settings.CUTROOM_METRICS_TOKEN = "a-long-token-for-prometheus"
    asked: dict[str, Any] = {"REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": "10.1.2.3:8000"}
    answers = {
        given: client.get("/metrics", headers={"Authorization": given}, **asked).status_code
        for given in (
            "Bearer a-long-token-for-prometheus",
            "bearer a-long-token-for-prometheus",
            "Bearer x",
            "",
        )
    }
    assert list(answers.values()) == [200, 200, 403, 403]


def test_no_token_is_not_an_empty_token(client: Client) -> None:
    answer = client.get("/metrics", headers={"Authorization": "Bearer "}, REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == 403


def test_queues_and_jobs_are_told(client: Client, job: RenderJob) -> None:
    with tenant_context(job.tenant_id):
        earlier = clock.now() - timedelta(minutes=5)
        RenderStep.objects.filter(kind="image").update(ready_at=earlier)
    families = scrape(client)
    assert 300 <= value(families, "cutroom_queue_oldest_seconds", kind="image") < 600
    assert value(families, "cutroom_queue_length", kind="narration") == 1
    assert value(families, "cutroom_queue_length", kind="stitch") == 0
    assert value(families, "cutroom_jobs", state="running") == 1


def test_a_job_that_stands_still_is_told(client: Client, job: RenderJob) -> None:
    long_ago = clock.now() - timedelta(hours=2)
    with tenant_context(job.tenant_id):
        RenderStep.objects.update(ready_at=long_ago)
        RenderJob.objects.update(updated_at=long_ago)
    assert value(scrape(client), "cutroom_job_silent_seconds", state="running") >= 7200


def test_a_lost_lease_and_a_fenced_write_are_counted(job: RenderJob) -> None:
    losses = counted("cutroom_lease_losses_total", kind="image")
    fenced = counted("cutroom_fenced_writes_total", kind="image")
    stale = claim("image")
    assert stale is not None
    assert outcomes.crash(stale)
    result = outcomes.Result(output={"content": "", "storage_key": ""}, charges={})
    assert not outcomes.complete(stale, result, seconds=1.0)
    assert counted("cutroom_lease_losses_total", kind="image") == losses + 1
    assert counted("cutroom_fenced_writes_total", kind="image") == fenced + 1


def test_a_cancelled_job_is_counted_once(job: RenderJob) -> None:
    before = counted("cutroom_jobs_ended_total", state="cancelled")
    for _ in range(2):
        with tenant_context(job.tenant_id):
            services.cancel(job=job, at=clock.now())
    assert counted("cutroom_jobs_ended_total", state="cancelled") == before + 1


def test_the_ledger_is_compared_and_the_answer_is_told(client: Client, job: RenderJob) -> None:
    assert "cutroom_ledger_mismatches" not in _sampled(scrape(client))
    assert reconcile() == 0
    assert value(scrape(client), "cutroom_ledger_mismatches") == 0
    with tenant_context(job.tenant_id):
        QuotaCounter.objects.filter(meter="images_count").update(used=7)
    assert reconcile() == 1
    families = scrape(client)
    assert value(families, "cutroom_ledger_mismatches") == 1
    assert value(families, "cutroom_ledger_check_age_seconds") < 60


def test_mail_that_waits_is_told(client: Client, db: None) -> None:
    client.post("/api/auth/magic-link/request", {"email": "ada@example.org"}, "application/json")
    families = scrape(client)
    assert value(families, "cutroom_outbox_waiting") == 1
    assert value(families, "cutroom_outbox_oldest_seconds") < 60


def test_sweeps_are_told(client: Client, transactional_db: None) -> None:
    assert "cutroom_sweep_age_seconds" not in _sampled(scrape(client))
    rendering_metrics.note_sweep()
    assert value(scrape(client), "cutroom_sweep_age_seconds") < 60


def test_dependencies_and_disk_are_told(client: Client, transactional_db: None) -> None:
    families = scrape(client)
    for name in ("database", "redis", "storage"):
        assert value(families, "cutroom_dependency_up", dependency=name) == 1
    assert 0 < value(families, "cutroom_disk_free_ratio") <= 1


def test_a_reading_that_fails_hides_no_other(
    client: Client, broken_reading: None, transactional_db: None
) -> None:
    families = scrape(client)
    assert value(families, "cutroom_reading_ok", reading="broken") == 0
    assert value(families, "cutroom_reading_ok", reading="queue_oldest_seconds") == 1
    assert value(families, "cutroom_queue_length", kind="image") == 0


def test_a_worker_tells_only_of_its_own_machine() -> None:
    names = {family.name for family in text_string_to_metric_families(metrics.page(only_local=True).decode())}
    assert "cutroom_disk_free_ratio" in names
    assert "cutroom_queue_oldest_seconds" not in names


def test_requests_are_counted_by_route_and_no_label_names_anybody(
    client: Client, job: RenderJob, committed_cast: Cast
) -> None:
    client.get(f"/projects/{SECRETS[1]}?mail={SECRETS[0]}")
    client.post("/api/auth/magic-link/request", {"email": SECRETS[0]}, "application/json")
    text = client.get("/metrics").text
    assert "django_http_requests_total_by_view_transport_method" in text
    assert [secret for secret in (*SECRETS, str(job.pk), str(job.tenant_id)) if secret in text] == []


def test_redis_may_be_empty(client: Client, transactional_db: None) -> None:
    cache.clear()
    assert scrape(client)


def _sampled(families: dict[str, Metric]) -> set[str]:
    return {sample.name for family in families.values() for sample in family.samples}
