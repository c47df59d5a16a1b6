"""Tables of the gdpr app: backups are of the whole installation, exports belong to a tenant."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from gdpr.export import models as _export  # noqa: F401  # Django finds its tables by this


class BackupState(models.TextChoices):
    """Life of a backup; one that is incomplete misses files and says so."""

    RUNNING = "running", _("running")
    SUCCEEDED = "succeeded", _("succeeded")
    INCOMPLETE = "incomplete", _("incomplete")
    FAILED = "failed", _("failed")


class BackupRun(models.Model):
    """One try to make a backup, and what later checks found. The store has the proof; this is for looking."""

    id = models.CharField(primary_key=True, max_length=32)
    label = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=16, choices=BackupState, default=BackupState.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=1000, blank=True)
    database_bytes = models.PositiveBigIntegerField(default=0)
    media_files = models.PositiveBigIntegerField(default=0)
    media_bytes = models.PositiveBigIntegerField(default=0)
    uploaded_bytes = models.PositiveBigIntegerField(default=0)
    verified_at = models.DateTimeField(null=True)
    drilled_at = models.DateTimeField(null=True)
    recovery_seconds = models.FloatField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-started_at"], name="backup_by_age")]

    def __str__(self) -> str:
        return f"{self.id} ({self.state})"


class BackedUpFile(models.Model):
    """A stored file and the object in the backup store that holds its bytes. Can be rebuilt by a full run."""

    path = models.CharField(primary_key=True, max_length=300)
    size = models.PositiveBigIntegerField()
    modified_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64, db_index=True)
    object_name = models.CharField(max_length=120, db_index=True)
    object_size = models.PositiveBigIntegerField()
    object_sha256 = models.CharField(max_length=64)
    run = models.CharField(max_length=32, db_index=True)

    def __str__(self) -> str:
        return self.path
