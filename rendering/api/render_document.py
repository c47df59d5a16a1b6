"""How a render looks from outside: its summary, its steps, its video. Shared by polling and events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from metering.meters import Meter
from rendering import selectors
from rendering.api.fields import link
from rendering.choices import Quality, Resolution
from rendering.film import Film
from rendering.models import JobState, RenderJob, RenderStep, StepKind, StepState

_CHARGE_NAMES = {Meter.IMAGES: "images", Meter.TTS: "tts_minutes", Meter.RENDER: "render_minutes"}


class CostSerializer(serializers.Serializer):
    """Pictures, minutes of speech and minutes of video."""

    images = serializers.IntegerField()
    tts_minutes = serializers.FloatField()
    render_minutes = serializers.FloatField()


class EstimateSerializer(CostSerializer):
    """What a render may cost at most, and how many seconds it will take."""

    seconds = serializers.FloatField()


class CaptionFiles(serializers.Serializer):
    """Where the captions are."""

    vtt = serializers.CharField()
    srt = serializers.CharField()


class VideoSerializer(serializers.Serializer):
    """A finished video."""

    url = serializers.CharField()
    bytes = serializers.IntegerField()
    duration_seconds = serializers.FloatField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    poster = serializers.CharField()
    captions = CaptionFiles()


class RenderFailure(serializers.Serializer):
    """Why a render failed, and at which step; `scene` counts from 1."""

    code = serializers.CharField()
    detail = serializers.CharField()
    kind = serializers.CharField(allow_null=True)
    scene = serializers.IntegerField(allow_null=True)


class StepSerializer(serializers.Serializer):
    """One step. `scene` and `part` count from 1; sound and stitch belong to no scene.

    A brand's cards before and after the film count as scenes of it. Part 2 of an image sets words beside
    part 1.

    `degraded` says which stand-in was used and why; `error` is that of the last failed attempt.
    """

    kind = serializers.ChoiceField(choices=StepKind.choices)
    scene = serializers.SerializerMethodField()
    part = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=StepState.choices)
    attempt = serializers.IntegerField()
    started_at = serializers.DateTimeField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)
    degraded = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    cached = serializers.BooleanField(source="is_cached")

    def get_scene(self, step: RenderStep) -> int | None:
        """From 1."""
        return None if step.scene is None else step.scene + 1

    def get_part(self, step: RenderStep) -> int:
        """From 1; only long scenes have several."""
        return step.part + 1

    def get_degraded(self, step: RenderStep) -> str | None:
        """None when nothing had to stand in."""
        return step.degraded or None

    def get_error(self, step: RenderStep) -> str | None:
        """None when no attempt failed."""
        return step.error or None


class RenderSummary(serializers.Serializer):
    """One request for a video. `progress` is 0 to 100 and never goes back. Needs `at` in its context."""

    id = serializers.UUIDField()
    project = serializers.CharField(source="project.slug", default=None, allow_null=True)
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    progress = serializers.IntegerField()
    resolution = serializers.ChoiceField(choices=Resolution.choices)
    fps = serializers.IntegerField()
    quality = serializers.ChoiceField(choices=Quality.choices)
    aspect = serializers.CharField()
    degraded = serializers.ListField(child=serializers.CharField())
    seconds_left = serializers.SerializerMethodField()
    estimate = EstimateSerializer()
    charged = serializers.SerializerMethodField()
    video = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    status_url = serializers.SerializerMethodField()
    events_url = serializers.SerializerMethodField()

    def get_seconds_left(self, job: RenderJob) -> int | None:
        """None once it has ended."""
        return selectors.seconds_left(job, self.context["at"])

    @extend_schema_field(CostSerializer)
    def get_charged(self, job: RenderJob) -> dict[str, Any]:
        """What was new; nothing unless it succeeded."""
        return {name: meter.shown(job.charged.get(meter.value, 0)) for meter, name in _CHARGE_NAMES.items()}

    @extend_schema_field(VideoSerializer(allow_null=True))
    def get_video(self, job: RenderJob) -> dict[str, Any] | None:
        """None until it has succeeded."""
        return video_document(job)

    @extend_schema_field(RenderFailure(allow_null=True))
    def get_error(self, job: RenderJob) -> dict[str, Any] | None:
        """None unless it failed."""
        if job.error is None:
            return None
        scene = job.error.get("scene")
        return {"kind": None, **job.error, "scene": None if scene is None else scene + 1}

    def get_status_url(self, job: RenderJob) -> str:
        """Where to ask again."""
        return link("render", job.pk)

    def get_events_url(self, job: RenderJob) -> str:
        """Where to listen instead."""
        return link("render-events", job.pk)


class RenderSerializer(RenderSummary):
    """A render with the steps placed so far, in working order."""

    steps = serializers.SerializerMethodField()

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, job: RenderJob) -> list[dict[str, Any]]:
        """One query."""
        return step_documents(job)


def render_document(job: RenderJob, *, at: datetime) -> dict[str, Any]:
    """A render with its steps, as GET /api/v1/renders/{id} shows it at `at`."""
    return dict(RenderSerializer(job, context={"at": at}).data)


def step_documents(job: RenderJob) -> list[dict[str, Any]]:
    """The steps placed so far."""
    steps = selectors.job_steps(job).defer("inputs", "output", "charges")
    return list(StepSerializer(steps, many=True).data)


def video_document(job: RenderJob) -> dict[str, Any] | None:
    """Where a finished video is and what it is like; None when there is none."""
    if job.state != JobState.SUCCEEDED:
        return None
    width, height = Film.of(job).size
    return {
        "url": link("render-video", job.pk),
        "bytes": job.video_bytes,
        "duration_seconds": (job.duration_ms or 0) / 1000,
        "width": width,
        "height": height,
        "poster": link("render-poster", job.pk),
        "captions": {
            "vtt": link("render-captions-vtt", job.pk),
            "srt": link("render-captions-srt", job.pk),
        },
    }
