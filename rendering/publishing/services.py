"""Connect a channel, publish a video, leave. Sending is in `sending`."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import IntegrityError, transaction

from cutroom import clock, dispatch, sealing
from cutroom.errors import InvalidInput
from metering import services as metering
from rendering.errors import AlreadyPublished, NoChannel, PublishingNotSetUp, VideoNotReady
from rendering.models import JobState, RenderJob
from rendering.publishing import oauth, youtube
from rendering.publishing.errors import GoogleError
from rendering.publishing.models import Publication, PublicationState, YouTubeChannel
from rendering.publishing.oauth import Asking
from tenants import audit
from tenants.context import tenant_context

logger = logging.getLogger(__name__)

FEATURE = "publish"
MOST_TITLE, MOST_DESCRIPTION = 100, 5_000
_DISCONNECTED = "The channel was disconnected before the video had arrived."


def is_set_up() -> bool:
    """Has the operator set a YouTube client?"""
    return bool(settings.RENDERING_YOUTUBE_CLIENT_ID)


def begin_connection(*, tenant_id: UUID) -> Asking:
    """What the browser keeps while its owner is at Google. Raises PublishingNotSetUp, PlanRequired."""
    if not is_set_up():
        raise PublishingNotSetUp
    metering.require_feature(tenant_id=tenant_id, feature=FEATURE)
    return oauth.new_asking()


def connect(*, tenant_id: UUID, user_id: UUID | None, code: str, asking: Asking) -> YouTubeChannel:
    """Trade the code for tokens, ask whose channel it is, and keep both. Raises GoogleError.

    Opens its own transaction: Google is asked outside of any.
    """
    tokens = oauth.exchange(code=code, verifier=asking.verifier)
    channel_id, title = youtube.channel(tokens.access)
    with tenant_context(tenant_id):
        channel, _ = YouTubeChannel.objects.update_or_create(
            tenant_id=tenant_id,
            defaults={
                "channel_id": channel_id,
                "title": title[:200],
                "token_sealed": seal(tokens.refresh),
                "connected_by": user_id,
                "connected_at": clock.now(),
                "broken": "",
            },
        )
        audit.record("youtube.connected", target=f"youtube:{channel_id}")
    return channel


def disconnect(*, tenant_id: UUID) -> bool:
    """Forget the channel and take the permission back at Google; False when Google could not be told.

    What was on its way there ends. Opens its own transactions.
    """
    with tenant_context(tenant_id):
        channel = YouTubeChannel.objects.first()
        if channel is None:
            return True
        token = unseal(channel.token_sealed)
        going = Publication.objects.filter(state__in=[PublicationState.QUEUED, PublicationState.SENDING])
        going.update(
            state=PublicationState.FAILED,
            error_code="disconnected",
            error=_DISCONNECTED,
            session_sealed=None,
            finished_at=clock.now(),
        )
        audit.record("youtube.disconnected", target=f"youtube:{channel.channel_id}")
        channel.delete()
    try:
        oauth.revoke(token)
    except GoogleError as error:
        logger.warning("youtube_not_revoked", extra={"tenant_id": str(tenant_id), "code": error.code})
        return False
    return True


def revoke_for_erasure(*, tenant_id: UUID) -> None:
    """Take the permission back before the tenant is erased. Raises GoogleError, to be tried again.

    The row stays until then, so that a failed try has the token to try with.
    """
    with tenant_context(tenant_id):
        channel = YouTubeChannel.objects.first()
        token = _token_of(channel) if channel else ""
    if token:
        oauth.revoke(token)
        with tenant_context(tenant_id):
            YouTubeChannel.objects.all().delete()


def _token_of(channel: YouTubeChannel) -> str:
    """The token; empty for one that no key of today opens: nobody can use it, and an erasure goes on."""
    try:
        return unseal(channel.token_sealed)
    except InvalidToken:
        logger.warning("youtube_token_unreadable", extra={"tenant_id": str(channel.tenant_id)})
        return ""


def publish(
    *, job: RenderJob, title: str, description: str, privacy: str, user_id: UUID | None, at: datetime
) -> Publication:
    """Have a finished video uploaded to the tenant's channel. The work starts after commit.

    Raises PlanRequired, PublishingNotSetUp, NoChannel, VideoNotReady, AlreadyPublished, InvalidInput.
    """
    metering.require_feature(tenant_id=job.tenant_id, feature=FEATURE)
    if not is_set_up():
        raise PublishingNotSetUp
    channel = YouTubeChannel.objects.first()
    if channel is None or channel.broken:
        raise NoChannel(channel.broken if channel else None)
    if job.state != JobState.SUCCEEDED:
        raise VideoNotReady
    publication = Publication(
        job=job,
        title=_plain("title", title or job.title, most=MOST_TITLE, is_required=True),
        description=_plain("description", description, most=MOST_DESCRIPTION),
        privacy=privacy,
        bytes_total=job.video_bytes or 0,
        not_before=at,
        created_by=user_id,
        created_at=at,
    )
    try:
        with transaction.atomic():
            publication.save(force_insert=True)
    except IntegrityError:
        raise AlreadyPublished from None
    audit.record("video.published", target=f"render:{job.pk}", detail={"privacy": privacy})
    ring(publication)
    return publication


def ring(publication: Publication, *, countdown: float = 0.0) -> None:
    """Ask for a worker, after commit."""
    dispatch.after_commit(
        "rendering.publish",
        queue="publish",
        countdown=countdown,
        tenant_id=str(publication.tenant_id),
        publication_id=str(publication.pk),
    )


def seal(text: str) -> bytes:
    """Encrypt a token of Google's."""
    return sealing.seal(text, key=_key())


def unseal(sealed: bytes | memoryview) -> str:
    """The token again."""
    return sealing.unseal(sealed, key=_key())


def _key() -> str:
    return str(settings.RENDERING_TOKEN_KEY or settings.SECRET_KEY)


def _plain(name: str, text: str, *, most: int, is_required: bool = False) -> str:
    """YouTube refuses angle brackets, and counts bytes in descriptions. Raises InvalidInput."""
    text = text.strip()
    problem = ""
    if is_required and not text:
        problem = "Give the video a title."
    elif "<" in text or ">" in text:
        problem = "YouTube does not accept < and > here."
    elif len(text) > most or len(text.encode()) > (most if name == "description" else 4 * most):
        problem = f"At most {most:,} characters are possible here."
    if problem:
        raise InvalidInput(errors=[{"field": name, "code": "invalid", "detail": problem}])
    return text
