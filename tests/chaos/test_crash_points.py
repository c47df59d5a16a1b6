"""Every gap between two writes is killed once: each named crash point has a test that dies there."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from django.conf import settings as django_settings
from PIL import Image
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import OutboxMail
from cutroom import clock, dispatch
from gdpr import leftovers
from gdpr.erasure import purging
from rendering.models import JobState, Project, RenderJob
from tenants import audit, audit_seals, audit_verification, storage, webhooks
from tenants.context import tenant_context
from tenants.models import AuditCheckpoint, DeliveryState, Tenant, WebhookDelivery
from tests.cast import Cast
from tests.chaos.conftest import Submit
from tests.chaos.holding import hold_a
from tests.chaos.site import Site
from tests.gdpr import test_export_crashes, test_import_crashes, test_making_backups, test_purge_races
from tests.rendering.intake import test_killed_workers
from tests.rendering.publishing import test_sending
from tests.tenants.receiver import receiver
from tests.workers import WorkerGroup, finish, fresh, wait_until

pytestmark = [pytest.mark.committed, pytest.mark.fault(1)]

Arm = Callable[[str], Path]

IN_A_STEP = [
    "after-claim",
    "before-store",
    "after-store",
    "video-half-stored",
    "before-step-write",
    "after-step-write",
    "after-cache-entry",
    "after-next-steps",
    "after-settle",
    "before-job-commit",
    "after-step-commit",
    "before-doorbell",
]
WHILE_SUBMITTING = ["submit-after-job", "submit-after-hold", "before-doorbell"]
WHILE_CANCELLING = ["end-after-steps", "cancel-after-release"]
WHILE_RETRYING = ["retry-after-steps"]
WHILE_UPLOADING = ["asset-stored"]
WHILE_DELETING = ["before-file-delete"]
ELSEWHERE = [
    "failure-before-write",
    "lease-taken-before-commit",
    "mail-taken",
    "mail-sent",
    "webhook-taken",
    "webhook-sent",
    "audit-signed",
    "audit-half-stored",
    "audit-stored",
]


def named_points() -> Iterator[str]:
    """Every crash point in the code."""
    for package in ("cutroom", "tenants", "accounts", "metering", "billing", "rendering", "gdpr"):
        for path in Path(django_settings.BASE_DIR, package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "crash_at":
                    yield from names_of(node.args[0])


def names_of(argument: ast.expr) -> list[str]:
    """A constant is a name; a template is that of the purge, which has one for each of its steps."""
    if isinstance(argument, ast.Constant):
        return [str(argument.value)]
    assert isinstance(argument, ast.JoinedStr)
    head = argument.values[0]
    assert isinstance(head, ast.Constant)
    prefix = str(head.value)
    return [f"{prefix}{step}" for step in purging.STEPS]


def test_every_crash_point_is_killed_once() -> None:
    here = IN_A_STEP + WHILE_SUBMITTING + WHILE_CANCELLING + WHILE_RETRYING + WHILE_UPLOADING + WHILE_DELETING
    gdpr = [*test_export_crashes.POINTS, *test_making_backups.CRASH_POINTS, *test_purge_races.CRASH_POINTS]
    gdpr += test_import_crashes.CRASH_POINTS
    rendering = [*test_sending.CRASH_POINTS, *test_killed_workers.CRASH_POINTS]
    assert set(named_points()) == {*here, *ELSEWHERE, *gdpr, *rendering}


@pytest.mark.parametrize("point", IN_A_STEP)
def test_a_worker_dies_between_two_writes(point: str, crew: WorkerGroup, submit: Submit, arm: Arm) -> None:
    armed = arm(point)
    ended = finish(submit())
    assert not armed.exists()
    assert ended.state == JobState.SUCCEEDED


def test_a_worker_dies_while_it_records_a_failure(
    crew: WorkerGroup, project: Project, submit: Submit, arm: Arm
) -> None:
    blocked = Path(storage.place(), "tenants", str(project.tenant_id), "cache")
    blocked.parent.mkdir(parents=True)
    blocked.write_bytes(b"no directory, so nothing can be stored")
    armed = arm("failure-before-write")
    job = submit()
    wait_until(lambda: not armed.exists(), what="a worker to die while it fails")
    blocked.unlink()
    assert finish(job).state == JobState.SUCCEEDED


def test_a_sweeper_dies_while_it_takes_a_lease_back(crew: WorkerGroup, submit: Submit, arm: Arm) -> None:
    died, armed = arm("after-claim"), arm("lease-taken-before-commit")
    job = submit()
    wait_until(lambda: not died.exists(), what="a worker to die with a step in hand")

    def rings() -> bool:
        dispatch.ring("rendering.sweep")
        return not armed.exists()

    wait_until(rings, what="a sweeper to die", pause_seconds=0.5)
    assert finish(job).state == JobState.SUCCEEDED


@pytest.mark.parametrize("point", WHILE_SUBMITTING)
def test_the_web_dies_while_a_render_is_submitted(
    point: str, site: Site, alice_at_site: httpx.Client, project: Project, crew: WorkerGroup, arm: Arm
) -> None:
    arm(point)
    with pytest.raises(httpx.TransportError):
        stitch(alice_at_site, project)
    site.restart_when_dead()
    again = stitch(alice_at_site, project)
    assert again.status_code == 202
    assert (again.headers.get("Idempotent-Replayed") == "true") == (point == "before-doorbell")
    with tenant_context(project.tenant_id):
        job = RenderJob.objects.get()
    assert finish(job).state == JobState.SUCCEEDED


@pytest.mark.usefixtures("nobody_at_work")
@pytest.mark.parametrize("point", WHILE_CANCELLING)
def test_the_web_dies_while_a_render_is_cancelled(
    point: str, site: Site, alice_at_site: httpx.Client, project: Project, submit: Submit, arm: Arm
) -> None:
    job = submit()
    arm(point)
    with pytest.raises(httpx.TransportError):
        alice_at_site.post(f"/api/v1/renders/{job.pk}/cancel")
    site.restart_when_dead()
    assert fresh(job).state == JobState.QUEUED
    assert alice_at_site.post(f"/api/v1/renders/{job.pk}/cancel").status_code == 202
    assert fresh(job).state == JobState.CANCELLED


@pytest.mark.parametrize("point", WHILE_RETRYING)
def test_the_web_dies_while_a_render_is_tried_again(
    point: str,
    site: Site,
    alice_at_site: httpx.Client,
    project: Project,
    submit: Submit,
    crew: WorkerGroup,
    arm: Arm,
) -> None:
    # A draft may be done before the web has heard that it is not wanted.
    job = hold_a("narration", project=project, ask=submit, group=crew).job
    assert alice_at_site.post(f"/api/v1/renders/{job.pk}/cancel").status_code == 202
    arm(point)
    with pytest.raises(httpx.TransportError):
        alice_at_site.post(f"/api/v1/renders/{job.pk}/retry")
    site.restart_when_dead()
    assert fresh(job).state == JobState.CANCELLED
    assert alice_at_site.post(f"/api/v1/renders/{job.pk}/retry").status_code == 202
    assert finish(job).state == JobState.SUCCEEDED


def remove_leftovers() -> int:
    """What a nightly task removes two days later."""
    return leftovers.remove(at=clock.now() + timedelta(days=2))


@pytest.fixture
def _no_leftovers() -> None:
    """The workspaces of earlier tests are gone, their files are not."""
    remove_leftovers()


@pytest.mark.usefixtures("_no_leftovers")
def test_the_web_dies_with_an_upload_that_no_row_names(
    site: Site, alice_at_site: httpx.Client, project: Project, arm: Arm
) -> None:
    arm("asset-stored")
    with pytest.raises(httpx.TransportError):
        upload(alice_at_site, project)
    site.restart_when_dead()
    assert upload(alice_at_site, project).status_code == 201
    assert leftovers.remove(at=clock.now()) == 0, "it may still be somebody's"
    assert remove_leftovers() == 1


@pytest.mark.usefixtures("_no_leftovers")
def test_the_web_dies_before_it_deletes_a_file(
    site: Site, alice_at_site: httpx.Client, project: Project, arm: Arm
) -> None:
    asset = upload(alice_at_site, project).json()["id"]
    arm("before-file-delete")
    with pytest.raises(httpx.TransportError):
        alice_at_site.delete(f"/api/v1/projects/tides/assets/{asset}")
    site.restart_when_dead()
    assert alice_at_site.delete(f"/api/v1/projects/tides/assets/{asset}").status_code == 404
    assert remove_leftovers() == 1


@pytest.mark.parametrize("point", ["mail-taken", "mail-sent"])
def test_a_worker_dies_around_the_sending_of_a_mail(
    point: str, crew: WorkerGroup, committed_cast: Cast, arm: Arm
) -> None:
    armed = arm(point)
    APIClient().post("/api/auth/magic-link/request", {"email": "alice@acme.test"}, format="json")
    wait_until(lambda: not armed.exists(), what="a worker to die with a mail in hand")
    OutboxMail.objects.update(due_at=clock.now())
    dispatch.ring("accounts.deliver_mail")
    wait_until(lambda: OutboxMail.objects.get().sent_at is not None, what="the mail to leave")
    assert OutboxMail.objects.get().tries == 2


@pytest.mark.parametrize("point", ["webhook-taken", "webhook-sent"])
def test_a_worker_dies_around_the_sending_of_a_webhook(
    point: str, crew: WorkerGroup, committed_cast: Cast, settings: Settings, arm: Arm
) -> None:
    settings.CUTROOM_OUTGOING_PRIVATE = True
    acme = committed_cast.acme
    armed = arm(point)
    with receiver() as program:
        with tenant_context(acme.pk):
            webhooks.create_endpoint(url=program.url, event_types=("render.succeeded",))
            webhooks.announce("render.succeeded", {"number": 1})
        wait_until(lambda: not armed.exists(), what="a worker to die with a message in hand")
        with tenant_context(acme.pk):
            WebhookDelivery.objects.update(due_at=clock.now())
        dispatch.ring("tenants.deliver_webhooks", tenant_id=str(acme.pk))
        wait_until(lambda: delivered(acme), what="the message to arrive")
        # Both tries carry one id, by which the receiver knows a repeat.
        assert len({headers["webhook-id"] for headers, _ in program.got}) == 1


@pytest.mark.parametrize("point", ["audit-signed", "audit-half-stored", "audit-stored"])
def test_a_worker_dies_while_it_seals_the_audit_log(
    point: str, crew: WorkerGroup, committed_cast: Cast, arm: Arm
) -> None:
    acme = committed_cast.acme
    with tenant_context(acme.pk):
        audit.record("project.made", target="project:1")
    armed = arm(point)
    dispatch.ring("tenants.seal_audit")
    wait_until(lambda: not armed.exists(), what="a worker to die while it seals")
    audit_seals.seal_all()
    with tenant_context(acme.pk):
        assert AuditCheckpoint.objects.get().stored_at is not None
    assert audit_verification.verify(acme.pk, at=clock.now()).is_ok


def stitch(client: httpx.Client, project: Project) -> httpx.Response:
    return client.post(
        f"/api/v1/projects/{project.slug}/render/stitch",
        json={"resolution": "720p", "fps": 24},
        headers={"Idempotency-Key": "once"},
    )


def upload(client: httpx.Client, project: Project) -> httpx.Response:
    buffer = BytesIO()
    Image.new("RGB", (64, 64), (180, 60, 40)).save(buffer, "PNG")
    files = {"file": ("shot.png", buffer.getvalue(), "image/png")}
    return client.post(f"/api/v1/projects/{project.slug}/assets", files=files)


def delivered(acme: Tenant) -> bool:
    with tenant_context(acme.pk):
        return WebhookDelivery.objects.get().state == DeliveryState.DELIVERED
