"""Tables of files people bring: those that are kept, and those on their way in."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import TenantOwned


class AssetKind(models.TextChoices):
    """What a stored file of a project is."""

    IMAGE = "image", _("image")
    AUDIO = "audio", _("audio")
    VIDEO = "video", _("video")


class Asset(TenantOwned):
    """A file somebody uploaded into a project. `sha256` is of the stored bytes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("rendering.Project", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=AssetKind)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=80)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    storage_key = models.CharField(max_length=255)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    duration_seconds = models.FloatField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "-created_at", "-id"], name="asset_by_age")]

    def __str__(self) -> str:
        return self.name


class UploadState(models.TextChoices):
    """Life of an upload; the last two are final."""

    RECEIVING = "receiving", _("receiving")
    CHECKING = "checking", _("checking")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")


class Upload(TenantOwned):
    """A file that arrives in pieces. `offset` bytes of `length` are here, as `parts` {"offset", "bytes"}.

    When all are, a worker checks and cleans it; `attempt` is that worker's fencing token, `slices` the parts
    of a clip it has made so far. `scene` is where the asset goes then.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("rendering.Project", on_delete=models.CASCADE, related_name="+")
    scene = models.ForeignKey("rendering.Scene", null=True, on_delete=models.SET_NULL, related_name="+")
    asset = models.ForeignKey("rendering.Asset", null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=200)
    length = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField(default=0)
    parts = models.JSONField(default=list)
    state = models.CharField(max_length=16, choices=UploadState, default=UploadState.RECEIVING)
    slices = models.JSONField(default=list)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=300, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="upload_by_age"),
            models.Index(fields=["not_before"], name="upload_due", condition=models.Q(state="checking")),
            models.Index(fields=["expires_at"], name="upload_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"

    @property
    def is_final(self) -> bool:
        """Will nothing change any more?"""
        return self.state in (UploadState.READY, UploadState.FAILED)
