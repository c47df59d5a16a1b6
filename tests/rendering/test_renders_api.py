"""/api/v1/renders: how a render looks while it waits, runs and has ended; cancel, retry, remove."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from cutroom import clock
from metering.models import UsageEvent
from rendering import engine, selectors, settlement
from rendering.models import JobState, RenderJob, RenderStep, StepKind, StepState
from tenants.context import tenant_context
from tests.cast import Cast


def change(job: RenderJob, **fields: object) -> None:
    with tenant_context(job.tenant_id):
        RenderJob.objects.filter(pk=job.pk).update(**fields)


@pytest.fixture
def running(queued: RenderJob) -> RenderJob:
    """A render whose first steps are placed: three pictures and three narrations."""
    engine.start_job(tenant_id=queued.tenant_id, job_id=queued.pk)
    return queued


def test_a_waiting_render_says_when_to_ask_again(alice: APIClient, queued: RenderJob) -> None:
    answer = alice.get(f"/api/v1/renders/{queued.pk}")
    render = answer.json()
    assert int(answer["Retry-After"]) > 0
    assert (render["state"], render["progress"], render["steps"]) == ("queued", 0, [])
    assert (render["video"], render["error"], render["degraded"]) == (None, None, [])
    assert (render["project"], render["title"]) == ("mill", "Mill")
    assert (render["resolution"], render["fps"], render["aspect"]) == ("1080p", 24, "16:9")
    assert render["seconds_left"] >= 1
    assert render["created_at"]
    assert (render["started_at"], render["finished_at"]) == (None, None)


def test_steps_are_shown_in_working_order_counted_from_one(alice: APIClient, running: RenderJob) -> None:
    steps = alice.get(f"/api/v1/renders/{running.pk}").json()["steps"]
    assert [(step["kind"], step["scene"]) for step in steps] == [
        (kind, scene) for kind in ("image", "narration") for scene in (1, 2, 3)
    ]
    assert steps[0] == {
        "kind": "image",
        "scene": 1,
        "part": 1,
        "state": "ready",
        "attempt": 0,
        "started_at": None,
        "seconds": None,
        "degraded": None,
        "error": None,
        "cached": False,
    }


def test_a_detail_takes_two_queries_of_its_own(
    alice: APIClient, running: RenderJob, django_assert_max_num_queries: Callable[..., object]
) -> None:
    with django_assert_max_num_queries(7):  # type: ignore[attr-defined]  # a context manager
        alice.get(f"/api/v1/renders/{running.pk}")


def test_a_finished_render_has_a_video_and_a_bill(alice: APIClient, finished: RenderJob) -> None:
    answer = alice.get(f"/api/v1/renders/{finished.pk}")
    render = answer.json()
    path = f"/api/v1/renders/{finished.pk}"
    assert "Retry-After" not in answer
    assert (render["state"], render["progress"], render["seconds_left"]) == ("succeeded", 100, None)
    assert render["video"] == {
        "url": f"{path}/video",
        "bytes": finished.video_bytes,
        "duration_seconds": 12.5,
        "width": 1920,
        "height": 1080,
        "poster": f"{path}/poster",
        "captions": {"vtt": f"{path}/captions.vtt", "srt": f"{path}/captions.srt"},
    }
    assert render["charged"] == {"images": 3, "tts_minutes": 1.5, "render_minutes": 0.208}


def test_a_failed_render_names_the_step(alice: APIClient, queued: RenderJob) -> None:
    error = {"code": "step-failed", "detail": "The voice is gone.", "kind": "narration", "scene": 1}
    change(queued, state=JobState.FAILED, error=error)
    assert alice.get(f"/api/v1/renders/{queued.pk}").json()["error"] == error | {"scene": 2}


def test_an_unchanged_render_is_not_sent_again(alice: APIClient, running: RenderJob) -> None:
    path = f"/api/v1/renders/{running.pk}"
    etag = alice.get(path)["ETag"]
    unchanged = alice.get(path, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert "Retry-After" in unchanged
    change(running, progress=40)
    assert alice.get(path, headers={"If-None-Match": etag}).json()["progress"] == 40


def test_lists_are_newest_first_and_can_be_filtered(
    alice: APIClient, queued: RenderJob, finished: RenderJob
) -> None:
    alice.post("/api/v1/projects", {"title": "Other", "script": "One."})
    other = alice.post("/api/v1/projects/other/render/stitch", {"resolution": "720p", "fps": 30}).json()["id"]

    def ids(query: str) -> list[str]:
        return [row["id"] for row in alice.get(f"/api/v1/renders{query}").json()["results"]]

    assert ids("") == [other, str(finished.pk)]
    assert ids("?state=queued") == [other]
    assert ids("?project=mill") == [str(finished.pk)]
    assert ids("?project=mill&state=queued") == []
    assert "steps" not in alice.get("/api/v1/renders").json()["results"][0]


def test_an_unknown_state_names_the_possible_ones(alice: APIClient) -> None:
    answer = alice.get("/api/v1/renders?state=lost")
    assert answer.status_code == 400
    assert "queued, running, succeeded, failed, cancelled" in answer.json()["detail"]


def test_cancelling_twice_is_cancelling_once(alice: APIClient, running: RenderJob) -> None:
    path = f"/api/v1/renders/{running.pk}"
    first, second = alice.post(f"{path}/cancel"), alice.post(f"{path}/cancel")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert first.json()["state"] == "cancelled"
    assert {step["state"] for step in first.json()["steps"]} == {"cancelled"}
    assert not any(row["held"] for row in alice.get("/api/v1/usage").json()["meters"])


def test_what_has_ended_cannot_be_cancelled(alice: APIClient, finished: RenderJob) -> None:
    answer = alice.post(f"/api/v1/renders/{finished.pk}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "render-finished")


def test_a_cancelled_render_goes_on_after_a_retry(alice: APIClient, running: RenderJob) -> None:
    path = f"/api/v1/renders/{running.pk}"
    alice.post(f"{path}/cancel")
    answer = alice.post(f"{path}/retry")
    assert (answer.status_code, answer["Location"]) == (202, path)
    assert answer.json()["state"] == "queued"
    assert {step["state"] for step in answer.json()["steps"]} == {"ready"}
    assert any(row["held"] for row in alice.get("/api/v1/usage").json()["meters"])


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED])
def test_only_failed_and_cancelled_renders_can_be_retried(
    alice: APIClient, queued: RenderJob, state: JobState
) -> None:
    change(queued, state=state)
    answer = alice.post(f"/api/v1/renders/{queued.pk}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "not-retryable")


def test_a_running_render_cannot_be_removed(alice: APIClient, running: RenderJob) -> None:
    answer = alice.delete(f"/api/v1/renders/{running.pk}")
    assert (answer.status_code, answer.json()["code"]) == (409, "render-running")


def test_removing_a_render_removes_its_files_and_gives_storage_back(
    alice: APIClient,
    cast: Cast,
    finished: RenderJob,
    stored: Callable[[], list[Path]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with tenant_context(cast.acme.pk):
        size = finished.stored_bytes
        settlement.store_level(finished, delta_bytes=size, reason="stored:0", at=clock.now())
    assert len(stored()) == 4
    with django_capture_on_commit_callbacks(execute=True):
        assert alice.delete(f"/api/v1/renders/{finished.pk}").status_code == 204
    assert stored() == []
    assert alice.get(f"/api/v1/renders/{finished.pk}").status_code == 404
    with tenant_context(cast.acme.pk):
        assert sum(UsageEvent.objects.filter(meter="storage_gb").values_list("amount", flat=True)) == 0


def test_seconds_left_follow_the_estimate_until_the_speed_shows(queued: RenderJob) -> None:
    at = clock.now()
    queued.estimate = {"seconds": 40.0}
    assert selectors.seconds_left(queued, at) == 40
    queued.state, queued.started_at, queued.progress = JobState.RUNNING, at - timedelta(seconds=10), 2
    assert selectors.seconds_left(queued, at) == 30
    queued.progress = 50
    assert selectors.seconds_left(queued, at) == 10
    queued.started_at = at - timedelta(seconds=100)
    queued.progress = 99
    assert selectors.seconds_left(queued, at) == 2
    queued.state = JobState.FAILED
    assert selectors.seconds_left(queued, at) is None


def test_the_summary_counts_steps_by_kind(cast: Cast, running: RenderJob) -> None:
    with tenant_context(cast.acme.pk):
        first, second = RenderStep.objects.filter(job=running, kind=StepKind.IMAGE).order_by("scene")[:2]
        RenderStep.objects.filter(pk=first.pk).update(state=StepState.SUCCEEDED, seconds=1.5, attempt=1)
        RenderStep.objects.filter(pk=second.pk).update(
            state=StepState.RUNNING, attempt=3, degraded="A stand-in."
        )
        running.refresh_from_db()
        groups = {group.kind: group for group in selectors.step_summary(running)}
    images = groups[StepKind.IMAGE]
    assert (images.done, images.total, images.attempt, images.seconds) == (1, 3, 3, 1.5)
    assert images.is_running
    assert images.degraded == ("A stand-in.",)
    assert (groups[StepKind.SEGMENT].done, groups[StepKind.SEGMENT].total) == (0, 3)
    assert list(groups) == list(StepKind)
