"""Tables of the gdpr app: backups are of the whole installation, exports belong to a tenant."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from gdpr.duties import models as _duties  # noqa: F401  # Django finds its tables by this
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


class ErasureState(models.TextChoices):
    """Life of an erasure: it waits and can be undone, or is purged and never comes back."""

    WAITING = "waiting", _("waiting")
    PURGING = "purging", _("purging")
    DONE = "done", _("done")
    UNDONE = "undone", _("undone")


class Erasure(models.Model):
    """A wish to be erased, of a tenant or of one person, and how far it got.

    No foreign key: the row outlives whom it is about. `name` and `contacts` are emptied at the end.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.CharField(max_length=8)
    subject = models.UUIDField()
    name = models.CharField(max_length=120, blank=True)
    contacts = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=ErasureState, default=ErasureState.WAITING)
    token_hash = models.CharField(max_length=64, unique=True)
    requested_at = models.DateTimeField()
    purge_after = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    people = models.JSONField(default=list)
    subscription = models.CharField(max_length=12, blank=True)
    counts = models.JSONField(default=dict)
    error = models.CharField(max_length=200, blank=True)
    retry_at = models.DateTimeField(null=True)
    receipt = models.BinaryField(default=b"")
    mailed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "subject"],
                name="erasure_open_once",
                condition=models.Q(state__in=["waiting", "purging"]),
            )
        ]
        indexes = [
            models.Index(
                fields=["purge_after"],
                name="erasure_due",
                condition=models.Q(state__in=["waiting", "purging"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.subject} ({self.state})"


class LegalHold(models.Model):
    """A row that the law keeps for a while after its owner was erased; it goes by itself at the end.

    `subject` is the id of who was erased; it leads nowhere any more.
    """

    model = models.CharField(max_length=80)
    row = models.CharField(max_length=255)
    statute = models.CharField(max_length=120)
    until = models.DateField(db_index=True)
    subject = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "row"], name="legal_hold_once")]

    def __str__(self) -> str:
        return f"{self.model} until {self.until}"
