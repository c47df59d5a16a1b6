"""The exports that were asked for."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import TenantOwned


class ExportState(models.TextChoices):
    """Life of an export. Only a ready one can be downloaded; at its end the file goes and the row stays."""

    QUEUED = "queued", _("queued")
    MAKING = "making", _("being made")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")
    EXPIRED = "expired", _("expired")


OPEN_STATES = (ExportState.QUEUED, ExportState.MAKING)


class Export(TenantOwned):
    """One archive for one person: of the whole workspace, or of what is about that person.

    `attempt` is the fencing token of the process that makes it, `lease_until` how long it is believed alive.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    is_whole = models.BooleanField()
    user_id = models.UUIDField()
    state = models.CharField(max_length=8, choices=ExportState, default=ExportState.QUEUED)
    progress = models.PositiveSmallIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    size_bytes = models.PositiveBigIntegerField(null=True)
    rows = models.PositiveBigIntegerField(default=0)
    files = models.PositiveBigIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        app_label = "gdpr"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="export_name_once"),
            models.UniqueConstraint(
                fields=["tenant", "user_id"],
                condition=models.Q(state__in=["queued", "making"]),
                name="export_open_once",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="export_by_age"),
            models.Index(
                fields=["created_at"], condition=models.Q(state__in=["queued", "making"]), name="export_open"
            ),
            models.Index(fields=["expires_at"], condition=models.Q(state="ready"), name="export_to_expire"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Is it still to be made?"""
        return self.state in OPEN_STATES
