"""Sends a video to YouTube, a chunk at a time; whoever is killed leaves an upload that the next goes on with.

One task sends for WORK_SECONDS at most and then rings for the next, so no message is long. The address of the
upload is stored before its first byte, so there is one upload, and one video, however many workers die.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import F

from cutroom import clock, dispatch
from cutroom.crash_points import crash_at
from rendering import conf, metrics
from rendering.keys import video_key
from rendering.outcomes import back_off_seconds
from rendering.publishing import oauth, services, youtube
from rendering.publishing.errors import GoogleError, SessionLost
from rendering.publishing.models import Publication, PublicationState, YouTubeChannel
from tenants import storage
from tenants.context import tenant_context

logger = logging.getLogger(__name__)

WORK_SECONDS = 20.0
MOST_FAILURES = 12
LONGEST_PAUSE_SECONDS = 900.0
_LIVE = (PublicationState.QUEUED, PublicationState.SENDING)
_DUE = """
SELECT tenant_id, id FROM rendering_publication
WHERE state IN ('queued', 'sending') AND not_before <= clock_timestamp()
  AND coalesce(lease_until, not_before) <= clock_timestamp() LIMIT 200
"""
_LOCKED = (
    "YouTube made the video private. It does so until Google has audited this installation's project; "
    "ask the operator."
)
_UNSURE = (
    "YouTube forgot this upload when it was nearly done. Look on the channel whether the video is there "
    "before you publish it again."
)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to send one publication. `attempt` is the fencing token."""

    tenant_id: UUID
    publication_id: UUID
    attempt: int


def work(*, tenant_id: UUID, publication_id: UUID) -> None:
    """Send what can be sent in a while, and write down how it stands. Safe to repeat at any time."""
    claim = _claim(tenant_id, publication_id)
    if claim is None:
        return
    try:
        _send(claim)
    except SessionLost:
        _start_again(claim)
    except GoogleError as error:
        _after_failure(claim, error)
    except OSError as error:
        detail = "The video could not be read from the store."
        logger.warning("video_not_read", extra={"error": type(error).__name__})
        _after_failure(claim, GoogleError("video-not-read", detail, wait_seconds=30))


def ring_for_due() -> int:
    """Ring for publications whose doorbell or worker was lost; returns how many. Looks as the ops role."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(_DUE)
        due = cursor.fetchall()
    for tenant_id, publication_id in due:
        dispatch.ring(
            "rendering.publish",
            queue="publish",
            tenant_id=str(tenant_id),
            publication_id=str(publication_id),
        )
    return len(due)


def _claim(tenant_id: UUID, publication_id: UUID) -> Claim | None:
    at = clock.now()
    with tenant_context(tenant_id):
        due = Publication.objects.filter(pk=publication_id, state__in=_LIVE, not_before__lte=at)
        free = due.exclude(lease_until__gt=at)
        taken = free.update(
            state=PublicationState.SENDING,
            attempt=F("attempt") + 1,
            lease_until=at + timedelta(seconds=conf.lease_seconds() + youtube.CALL_SECONDS),
        )
        if not taken:
            return None
        attempt = Publication.objects.values_list("attempt", flat=True).get(pk=publication_id)
    return Claim(tenant_id=tenant_id, publication_id=publication_id, attempt=attempt)


def _send(claim: Claim) -> None:
    with tenant_context(claim.tenant_id):
        publication = Publication.objects.select_related("job").get(pk=claim.publication_id)
        channel = YouTubeChannel.objects.first()
        if channel is None:
            raise GoogleError("disconnected", "The channel was disconnected.", is_connection_lost=True)
        refresh_token = services.unseal(channel.token_sealed)
    access = oauth.access_token(refresh_token)
    with storage.local_path(video_key(publication.job, "mp4")) as path, path.open("rb") as file:
        sending = youtube.Upload(
            access_token=access,
            file=file,
            snippet={"title": publication.title, "description": publication.description},
            privacy=publication.privacy,
            session=services.unseal(publication.session_sealed) if publication.session_sealed else "",
            on_session=lambda session: _keep_session(claim, session),
        )
        with sending as upload:
            _pump(claim, upload, wanted=publication.privacy)


def _pump(claim: Claim, upload: youtube.Upload, *, wanted: str) -> None:
    ends = time.monotonic() + WORK_SECONDS
    while True:
        video = upload.send()
        if video is not None:
            crash_at("after-last-chunk")
            note = _LOCKED if video.privacy and video.privacy != wanted else ""
            _end(claim, state=PublicationState.SUCCEEDED, video_id=video.video_id, note=note)
            return
        crash_at("after-chunk")
        if not _keep(claim, bytes_sent=upload.sent, failures=0, error="", error_code=""):
            return
        if time.monotonic() >= ends:
            break
    _hand_on(claim)


def _keep_session(claim: Claim, session: str) -> None:
    """Raises GoogleError when another worker has taken over: its upload is the one."""
    if not _keep(claim, session_sealed=services.seal(session), bytes_sent=0):
        raise GoogleError("taken-over", "Another worker sends this video.", wait_seconds=60)
    crash_at("after-session")


def _keep(claim: Claim, **values: Any) -> bool:
    """Write while the claim holds, and prolong it; False when it is stale."""
    until = clock.now() + timedelta(seconds=conf.lease_seconds() + youtube.CALL_SECONDS)
    with tenant_context(claim.tenant_id):
        return bool(_mine(claim).update(lease_until=until, **values))


def _mine(claim: Claim) -> Any:
    return Publication.objects.filter(
        pk=claim.publication_id, attempt=claim.attempt, state=PublicationState.SENDING
    )


def _end(claim: Claim, *, state: str, **values: Any) -> None:
    with tenant_context(claim.tenant_id):
        ended = _mine(claim).update(
            state=state, lease_until=None, session_sealed=None, finished_at=clock.now(), **values
        )
    if ended:
        metrics.PUBLICATIONS_ENDED.labels(state=str(state), code=values.get("error_code", "")).inc()


def _hand_on(claim: Claim, *, pause: float = 0.0, **values: Any) -> None:
    """Let go and ring for the next worker, after a pause."""
    with tenant_context(claim.tenant_id):
        due = clock.now() + timedelta(seconds=pause)
        if _mine(claim).update(lease_until=None, not_before=due, **values):
            services.ring(Publication.objects.get(pk=claim.publication_id), countdown=pause)


def _after_failure(claim: Claim, error: GoogleError) -> None:
    logger.warning("publication_failed", extra={"code": error.code, "attempt": claim.attempt})
    with tenant_context(claim.tenant_id):
        failures = Publication.objects.values_list("failures", flat=True).get(pk=claim.publication_id) + 1
        if error.is_connection_lost:
            YouTubeChannel.objects.update(broken=error.detail[:200])
    said = {"error_code": error.code[:40], "error": error.detail[:300]}
    if error.wait_seconds is None or failures > MOST_FAILURES:
        _end(claim, state=PublicationState.FAILED, **said)
        return
    pause = error.wait_seconds + min(back_off_seconds(failures), LONGEST_PAUSE_SECONDS)
    # A day without quota is nobody's fault and is not counted.
    is_counted = error.code != "quotaExceeded"
    state = PublicationState.QUEUED
    _hand_on(claim, pause=pause, state=state, failures=failures if is_counted else failures - 1, **said)


def _start_again(claim: Claim) -> None:
    """Google forgot the upload. A new one is safe only while the old one cannot have become a video."""
    with tenant_context(claim.tenant_id):
        publication = Publication.objects.get(pk=claim.publication_id)
    if publication.bytes_sent + youtube.CHUNK_BYTES >= publication.bytes_total:
        _end(claim, state=PublicationState.FAILED, error_code="upload-forgotten", error=_UNSURE)
        return
    failures = publication.failures + 1
    if failures > MOST_FAILURES:
        _end(claim, state=PublicationState.FAILED, error_code="upload-forgotten", error="YouTube forgot it.")
        return
    _hand_on(
        claim,
        pause=back_off_seconds(failures),
        state=PublicationState.QUEUED,
        session_sealed=None,
        bytes_sent=0,
        failures=failures,
    )
