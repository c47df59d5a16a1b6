"""Tables of publishing: which channel a tenant connected, and what goes or went there."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import TenantOwned


class YouTubeChannel(TenantOwned):
    """The channel a tenant connected. `token_sealed` is Google's refresh token, encrypted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel_id = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    token_sealed = models.BinaryField()
    connected_by = models.UUIDField(null=True)
    connected_at = models.DateTimeField()
    broken = models.CharField(max_length=200, blank=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="youtube_channel_once")]

    def __str__(self) -> str:
        return self.title


class Privacy(models.TextChoices):
    """Who may watch."""

    PRIVATE = "private", _("private")
    UNLISTED = "unlisted", _("unlisted")
    PUBLIC = "public", _("public")


class PublicationState(models.TextChoices):
    """Life of a publication; the last two are final."""

    QUEUED = "queued", _("queued")
    SENDING = "sending", _("sending")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")


_LIVE = models.Q(state__in=["queued", "sending"])
_NOT_FAILED = models.Q(state__in=["queued", "sending", "succeeded"])


class Publication(TenantOwned):
    """One video on its way to a channel. `attempt` is the fencing token of whoever sends it.

    `session_sealed` is the address of the upload at Google, encrypted: who knows it can go on with it. A
    killed worker's successor does.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey("rendering.RenderJob", on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    privacy = models.CharField(max_length=16, choices=Privacy, default=Privacy.PRIVATE)
    state = models.CharField(max_length=16, choices=PublicationState, default=PublicationState.QUEUED)
    session_sealed = models.BinaryField(null=True)
    bytes_sent = models.PositiveBigIntegerField(default=0)
    bytes_total = models.PositiveBigIntegerField(default=0)
    video_id = models.CharField(max_length=64, blank=True)
    note = models.CharField(max_length=300, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=300, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "job"], condition=_NOT_FAILED, name="publication_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="publication_by_age"),
            models.Index(fields=["not_before"], name="publication_due", condition=_LIVE),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"

    @property
    def percent(self) -> int:
        """How much of the file has arrived."""
        if self.state == PublicationState.SUCCEEDED:
            return 100
        return min(99, 100 * self.bytes_sent // self.bytes_total) if self.bytes_total else 0

    @property
    def video_url(self) -> str:
        """Where the video is watched; empty before it is there."""
        return f"https://youtu.be/{self.video_id}" if self.video_id else ""

    @property
    def is_final(self) -> bool:
        """Will nothing change any more?"""
        return self.state in (PublicationState.SUCCEEDED, PublicationState.FAILED)
