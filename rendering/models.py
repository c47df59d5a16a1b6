"""Tables of the rendering app: the work (project, scene, asset) and the engine (job, step, cache)."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now

from rendering import attempts as _attempts  # noqa: F401  # Django finds its table by this
from rendering import brand_models as _brands  # noqa: F401  # as above
from rendering import choices
from rendering.choices import JobState, StepKind, StepState
from rendering.intake.models import Asset, AssetKind  # one place to import tables from
from rendering.providers import models as _providers  # noqa: F401  # Django finds its tables by this
from rendering.publishing import models as _publishing  # noqa: F401  # as above
from tenants.models import TenantOwned

__all__ = [
    "ACTIVE_JOB_STATES", "Asset", "AssetKind", "CacheEntry", "JobState", "Project", "RenderJob", "RenderStep",
    "Revision", "Scene", "StepKind", "StepState",
]  # fmt: skip


def _uuid_key() -> models.UUIDField[Any, Any]:
    return models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)


class Project(TenantOwned):
    """One piece of work: a script and how it should look and sound. `version` grows with every edit.

    A `music_asset` is played instead of the loop that `music` names.
    """

    id = _uuid_key()
    slug = models.SlugField(max_length=80)
    title = models.CharField(max_length=200)
    aspect = models.CharField(max_length=8, choices=choices.Aspect, default=choices.Aspect.WIDE)
    voice = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=16, default="en")
    captions = models.CharField(max_length=16, choices=choices.Captions, default=choices.Captions.WORDS)
    caption_place = models.CharField(
        max_length=8, choices=choices.CaptionPlace, default=choices.CaptionPlace.BOTTOM, db_default="bottom"
    )
    look = models.CharField(max_length=16, choices=choices.Look, default=choices.Look.AUTO)
    is_branded = models.BooleanField(default=True)
    music = models.CharField(max_length=16, choices=choices.Music, default=choices.Music.NONE)
    music_level = models.CharField(
        max_length=8, choices=choices.MusicLevel, default=choices.MusicLevel.NORMAL, db_default="normal"
    )
    music_asset = models.ForeignKey(
        "rendering.Asset", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    when_unavailable = models.CharField(
        max_length=16, choices=choices.WhenUnavailable, default=choices.WhenUnavailable.STAND_IN
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "slug"], name="project_slug_once")]
        indexes = [models.Index(fields=["tenant", "-created_at", "-id"], name="project_by_age")]

    def __str__(self) -> str:
        return self.slug


class Scene(TenantOwned):
    """One narration over one picture. Without `image`, a card is drawn from heading, prompt or narration.

    `image` may be a picture or a clip; `recording` is a sound that is heard instead of a voice. An empty
    `voice` or `language` is the project's; the look `auto` is too, unless that is auto as well.
    """

    id = _uuid_key()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="scenes")
    position = models.PositiveIntegerField()
    narration = models.TextField(blank=True)
    heading = models.CharField(max_length=200, blank=True)
    look = models.CharField(max_length=16, choices=choices.Look, default=choices.Look.AUTO)
    voice = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=16, blank=True)
    image_prompt = models.TextField(blank=True)
    image = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    recording = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    duration_seconds = models.FloatField(null=True, blank=True)
    transition = models.CharField(max_length=16, choices=choices.Transition, default=choices.Transition.CUT)
    motion = models.CharField(max_length=16, choices=choices.Motion, default=choices.Motion.AUTO)
    caption = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "project", "position"],
                name="scene_position_once",
                deferrable=models.Deferrable.DEFERRED,
            )
        ]

    def __str__(self) -> str:
        return f"scene {self.position}"


class Revision(TenantOwned):
    """One edit on a project's page, with the project before it and, once it was undone, after it.

    It can be undone while the project has `version_after`, and done again while it has `version_before`.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    did = models.CharField(max_length=80)
    before = models.JSONField(encoder=DjangoJSONEncoder)
    after = models.JSONField(encoder=DjangoJSONEncoder, null=True)
    version_before = models.PositiveIntegerField()
    version_after = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "project", "-id"], name="revision_by_age")]

    def __str__(self) -> str:
        return self.did

    @property
    def is_deletion(self) -> bool:
        """Was something taken away, so that undoing is offered at once?"""
        return self.did.startswith("delete ")


ACTIVE_JOB_STATES = (JobState.QUEUED, JobState.RUNNING)
_ACTIVE = models.Q(state__in=["queued", "running"])


class RenderJob(TenantOwned):
    """One request for a video. `script` is a snapshot: later edits do not reach a running job."""

    id = _uuid_key()
    project = models.ForeignKey(Project, null=True, on_delete=models.SET_NULL, related_name="+")
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=JobState, default=JobState.QUEUED)
    resolution = models.CharField(max_length=8, choices=choices.Resolution)
    fps = models.PositiveSmallIntegerField()
    aspect = models.CharField(max_length=8, choices=choices.Aspect)
    quality = models.CharField(max_length=8, choices=choices.Quality, default=choices.Quality.FINAL)
    script = models.JSONField(encoder=DjangoJSONEncoder)
    estimate = models.JSONField(default=dict)
    priority = models.PositiveSmallIntegerField(default=0)
    progress = models.PositiveSmallIntegerField(default=0)
    work_total = models.PositiveIntegerField(default=0)
    degraded = models.JSONField(default=list)
    error = models.JSONField(null=True)
    charged = models.JSONField(default=dict)
    film_key = models.CharField(max_length=64, blank=True)
    video_bytes = models.PositiveBigIntegerField(null=True)
    stored_bytes = models.PositiveBigIntegerField(default=0)
    duration_ms = models.PositiveBigIntegerField(null=True)
    retries = models.PositiveSmallIntegerField(default=0)
    created_by = models.UUIDField(null=True)
    trace = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    cancel_requested_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="render_by_age"),
            models.Index(fields=["created_at"], name="render_active", condition=_ACTIVE),
            models.Index(fields=["tenant", "state", "created_at"], name="render_waiting", condition=_ACTIVE),
            models.Index(
                fields=["tenant", "film_key"], name="render_by_film", condition=models.Q(state="succeeded")
            ),
            # For the operator, who looks across tenants.
            models.Index(fields=["-created_at", "-id"], name="render_newest"),
            models.Index(
                fields=["finished_at", "state"],
                name="render_ended",
                condition=models.Q(finished_at__isnull=False),
            ),
            models.Index(fields=["finished_at"], name="render_failed", condition=models.Q(state="failed")),
            models.Index(
                fields=["finished_at"],
                name="render_pace",
                include=["started_at"],
                condition=models.Q(state="succeeded"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"

    @property
    def is_final(self) -> bool:
        """Has the job reached a state it never leaves, except by an explicit retry?"""
        return self.state not in ACTIVE_JOB_STATES


class RenderStep(TenantOwned):
    """One idempotent stage of a job. `attempt` is the fencing token: each claim raises it by one.

    `inputs` is everything the work depends on; `cache_key` its hash. `work` is the step's share of the job's
    progress, `work_done` how much of it is done.
    """

    id = _uuid_key()
    job = models.ForeignKey(RenderJob, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=16, choices=StepKind)
    scene = models.PositiveIntegerField(null=True)
    part = models.PositiveSmallIntegerField(default=0)
    ordinal = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=16, choices=StepState, default=StepState.READY)
    inputs = models.JSONField(default=dict)
    cache_key = models.CharField(max_length=64)
    output = models.JSONField(default=dict)
    charges = models.JSONField(default=dict)
    is_cached = models.BooleanField(default=False)
    degraded = models.CharField(max_length=200, blank=True)
    error = models.CharField(max_length=500, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(default=0)
    work = models.PositiveIntegerField(default=1)
    work_done = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    # By the database's clock, as the claim that compares it: no worker's clock delays anybody.
    ready_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "job", "kind", "scene", "part"], name="step_once", nulls_distinct=False
            )
        ]
        indexes = [
            models.Index(
                fields=["kind", "tenant", "ordinal"], name="step_ready", condition=models.Q(state="ready")
            ),
            models.Index(
                fields=["tenant", "-started_at"],
                name="step_by_turn",
                condition=models.Q(started_at__isnull=False),
            ),
            models.Index(fields=["lease_until"], name="step_leased", condition=models.Q(state="running")),
            # For the operator: how long steps take, and which were made by a stand-in.
            models.Index(
                fields=["kind", "-finished_at"],
                name="step_pace",
                include=["seconds"],
                condition=models.Q(state="succeeded", is_cached=False),
            ),
            models.Index(fields=["finished_at"], name="step_degraded", condition=~models.Q(degraded="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.scene or ''}.{self.part}"


class CacheEntry(TenantOwned):
    """A verified output, found by the hash of what made it. `unpaid` is its price until a video pays it."""

    key = models.CharField(max_length=64)
    kind = models.CharField(max_length=16, choices=StepKind)
    storage_key = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    output = models.JSONField(default=dict)
    unpaid = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        verbose_name_plural = "cache entries"
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="cache_once")]
        indexes = [models.Index(fields=["tenant", "used_at"], name="cache_by_use")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key[:12]}"
