"""A video arrives at YouTube once, whole, whatever happens on the way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rendering.models import RenderJob
from rendering.publishing import sending, youtube
from rendering.publishing.models import Publication, PublicationState, YouTubeChannel
from tenants.context import tenant_context
from tests.cast import Cast
from tests.rendering.publishing.conftest import (
    VIDEO,
    connect,
    fresh,
    make_video,
    publish,
    work,
    youtube_environment,
)
from tests.rendering.publishing.google import Google, refusal
from tests.workers import wait_until, workers

CRASH_POINTS = ["after-session", "after-chunk", "after-last-chunk"]


@pytest.fixture
def job(cast: Cast, far: Google, media: Path, tmp_path: Path) -> RenderJob:
    connect(cast)
    return make_video(cast, tmp_path)


def test_a_video_arrives_whole(job: RenderJob, far: Google) -> None:
    done = work(publish(job))
    assert (done.state, done.percent) == (PublicationState.SUCCEEDED, 100)
    [video] = far.videos
    assert bytes(video.received) == VIDEO
    assert done.video_url == f"https://youtu.be/{video.video_id}"
    assert video.snippet["snippet"]["title"] == "Mill"
    assert video.snippet["status"]["privacyStatus"] == "unlisted"
    assert done.session_sealed is None


@pytest.mark.parametrize("times", [1, 3])
def test_a_failing_server_is_tried_again_and_the_upload_goes_on(
    job: RenderJob, far: Google, times: int
) -> None:
    publication = publish(job)
    far.moods = [refusal(503, "backendError")] * times
    for _ in range(times):
        assert work(publication).state == PublicationState.QUEUED
    assert work(publication).state == PublicationState.SUCCEEDED
    assert len(far.videos) == len(far.sessions) == 1


def test_who_is_told_to_stop_in_the_middle_leaves_the_rest_to_the_next(
    job: RenderJob, far: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication = publish(job)
    monkeypatch.setattr(sending, "WORK_SECONDS", 0.0)
    first = work(publication)
    assert (first.state, first.bytes_sent) == (PublicationState.SENDING, youtube.CHUNK_BYTES)
    assert first.percent == 46
    second = work(publication)
    assert second.bytes_sent == 2 * youtube.CHUNK_BYTES
    assert work(publication).state == PublicationState.SUCCEEDED
    assert len(far.sessions) == 1
    assert bytes(far.videos[0].received) == VIDEO


def test_a_stale_worker_writes_nothing(job: RenderJob, far: Google) -> None:
    publication = publish(job)
    claim = sending._claim(publication.tenant_id, publication.pk)
    assert claim is not None
    assert work(publication).state == PublicationState.SUCCEEDED
    sending._end(claim, state=PublicationState.FAILED)
    assert fresh(publication).state == PublicationState.SUCCEEDED


def test_a_quota_that_is_used_up_is_explained_and_waited_out(job: RenderJob, far: Google) -> None:
    far.moods = [refusal(403, "quotaExceeded")]
    publication = publish(job)
    waiting = work(publication)
    assert (waiting.state, waiting.failures) == (PublicationState.QUEUED, 0)
    assert "after midnight, Pacific time" in waiting.error
    assert (waiting.not_before - waiting.created_at).total_seconds() > 300
    assert work(publication).state == PublicationState.SUCCEEDED


def test_midnight_is_the_pacifics() -> None:
    assert youtube.seconds_to_midnight(datetime(2026, 7, 1, 6, 0, tzinfo=UTC)) == 3_900
    assert youtube.seconds_to_midnight(datetime(2026, 1, 1, 7, 0, tzinfo=UTC)) == 3_900


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("uploadLimitExceeded", "limit of uploads for one day"),
        ("youtubeSignupRequired", "has no YouTube channel"),
        ("invalidTitle", "does not accept this title"),
        ("somethingNew", "refused the video (403 somethingNew)"),
    ],
)
def test_a_refusal_is_a_sentence_and_the_end(job: RenderJob, far: Google, reason: str, words: str) -> None:
    far.moods = [refusal(403, reason)]
    failed = work(publish(job))
    assert (failed.state, failed.error_code) == (PublicationState.FAILED, reason)
    assert words in failed.error
    assert publish(job).state == PublicationState.QUEUED, "it may be asked for again"


def test_a_permission_that_was_taken_back_ends_it_and_says_connect_again(job: RenderJob, far: Google) -> None:
    far.granted = False
    failed = work(publish(job))
    assert failed.error_code == "connection-lost"
    with tenant_context(job.tenant_id):
        assert "Connect it again" in YouTubeChannel.objects.get().broken


def test_a_video_that_youtube_locked_says_so(job: RenderJob, far: Google) -> None:
    far.privacy = "private"
    assert "audited" in work(publish(job)).note


def test_a_forgotten_upload_starts_again_only_while_that_is_safe(
    job: RenderJob, far: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication = publish(job)
    monkeypatch.setattr(sending, "WORK_SECONDS", 0.0)
    work(publication)
    far.sessions.clear()
    assert work(publication).bytes_sent == 0
    work(publication)
    work(publication)
    far.sessions.clear()
    unsure = work(publication)
    assert (unsure.state, unsure.error_code) == (PublicationState.FAILED, "upload-forgotten")
    assert "Look on the channel" in unsure.error


@pytest.mark.committed
@pytest.mark.parametrize("place", CRASH_POINTS)
def test_a_worker_killed_in_the_middle_leaves_one_video(
    committed_cast: Cast, far: Google, media: Path, tmp_path: Path, worker_log: Path, place: str
) -> None:
    """kill -9 by a named crash point in a real worker; another goes on with the same upload."""
    connect(committed_cast)
    job = make_video(committed_cast, tmp_path)
    once = tmp_path / place
    once.touch()
    extra = {
        **youtube_environment(far),
        "CUTROOM_CRASH_POINTS": str(tmp_path),
        "MEDIA_DIR": str(media),
    }
    publication = publish(job)
    with workers(log=worker_log, extra=extra):
        sending.ring_for_due()
        wait_until(lambda: not once.exists(), what="the crash")
        _end_lease(publication)

        def is_over() -> bool:
            sending.ring_for_due()
            return fresh(publication).is_final

        wait_until(is_over, what="the video to arrive", pause_seconds=0.3)
    done = fresh(publication)
    assert (done.state, done.attempt) == (PublicationState.SUCCEEDED, 2)
    assert len(far.sessions) == 1
    assert bytes(far.videos[0].received) == VIDEO


def _end_lease(publication: Publication) -> None:
    """The time passes in which the killed worker would have been believed alive."""
    with tenant_context(publication.tenant_id):
        rows = Publication.objects.filter(pk=publication.pk, attempt=1)
        rows.update(lease_until=publication.created_at)
