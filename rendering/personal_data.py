"""What the rendering app keeps about people: what they write and upload, and the videos made from it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from cutroom.personal_data import (
    WITH_THE_TENANT,
    AppData,
    Category,
    Kept,
    Owner,
    StorageArea,
    Table,
    Titled,
    actor,
    content,
    record,
    usage,
)
from rendering import services
from rendering.assets import files_of
from rendering.brand_models import Brand
from rendering.intake import personal_data as intake
from rendering.keys import VIDEO_FILES, video_key
from rendering.models import ACTIVE_JOB_STATES, Asset, CacheEntry, JobState, RenderJob, StepState
from rendering.providers import personal_data as providers
from rendering.publishing import personal_data as publishing
from rendering.publishing import services as channels

_OF_TENANT = Owner(tenant="tenant")
_WORK = "To write scripts and keep the material of videos"
_RENDERING = "To make videos from scripts, and to make each part only once"
_CACHED = Kept(text="90 days after its last use", stream="parts of finished videos", days=90, since="used_at")


def _assets(tenant_id: UUID) -> Iterator[str]:
    for asset in Asset.objects.iterator():
        yield from files_of(asset)
    yield from Brand.objects.exclude(logo_key="").values_list("logo_key", flat=True).iterator()


def _cache(tenant_id: UUID) -> Iterator[str]:
    yield from CacheEntry.objects.values_list("storage_key", flat=True).iterator()


def _videos(tenant_id: UUID) -> Iterator[str]:
    for job in RenderJob.objects.filter(state=JobState.SUCCEEDED).iterator():
        yield from (video_key(job, extension) for extension in VIDEO_FILES)


def _videos_by_title(tenant_id: UUID) -> Iterator[Titled]:
    for job in RenderJob.objects.filter(state=JobState.SUCCEEDED).order_by("-created_at").iterator():
        note = f"{job.resolution}, {job.created_at:%d %B %Y}"
        yield Titled(title=job.title, key=video_key(job, "mp4"), note=note)


def _uploads_by_title(tenant_id: UUID) -> Iterator[Titled]:
    for asset in Asset.objects.order_by("-created_at").iterator():
        yield Titled(
            title=asset.name, key=asset.storage_key, note=f"{asset.kind}, {asset.created_at:%d %B %Y}"
        )


def _disconnect_youtube(tenant_id: UUID) -> None:
    channels.revoke_for_erasure(tenant_id=tenant_id)


def _cancel_renders(at: datetime) -> None:
    for job in RenderJob.objects.filter(state__in=ACTIVE_JOB_STATES):
        services.cancel(job=job, at=at)


def _as_it_ended(row: dict[str, Any]) -> dict[str, Any]:
    """Work that was under way stays behind: its steps' workers are in another installation."""
    is_open = row["state"] in (JobState.QUEUED, JobState.RUNNING, StepState.READY)
    return {**row, "state": JobState.CANCELLED} if is_open else row


DATA = AppData(
    tables=[
        Table(
            model="rendering.Project",
            is_portable=True,
            owner=_OF_TENANT,
            purpose=_WORK,
            kept=WITH_THE_TENANT,
            fields=[
                content("slug", "title", "aspect", "voice", "language", "captions", "caption_place", "look"),
                content("is_branded", "music", "music_level", "music_asset", "when_unavailable"),
                record("id", "tenant", "version", "created_at", "updated_at"),
            ],
        ),
        Table(
            model="rendering.Asset",
            is_portable=True,
            owner=_OF_TENANT,
            purpose=_WORK,
            kept=WITH_THE_TENANT,
            fields=[
                content("name", "kind", "content_type", "width", "height", "duration_seconds"),
                record("id", "tenant", "project", "size_bytes", "sha256", "storage_key", "created_at"),
            ],
        ),
        Table(
            model="rendering.Scene",
            is_portable=True,
            owner=_OF_TENANT,
            purpose=_WORK,
            kept=WITH_THE_TENANT,
            fields=[
                content("narration", "heading", "image_prompt", "caption", "image", "recording"),
                content("look", "voice", "language"),
                content("duration_seconds", "transition", "motion"),
                record("id", "tenant", "project", "position", "created_at"),
            ],
        ),
        Table(
            model="rendering.Revision",
            owner=_OF_TENANT,
            purpose="To undo edits",
            kept=WITH_THE_TENANT,
            fields=[
                content("did", "before", "after"),
                record("id", "tenant", "project", "version_before", "version_after", "created_at"),
            ],
        ),
        Table(
            model="rendering.Brand",
            is_portable=True,
            owner=_OF_TENANT,
            purpose="To draw videos in the colours and with the logo of the workspace",
            kept=WITH_THE_TENANT,
            fields=[
                content("corner", "paper", "ink", "accent", "font"),
                content("intro_title", "intro_text", "outro_title", "outro_text"),
                record("id", "tenant", "logo_key", "logo_sha256", "logo_bytes", "updated_at"),
            ],
        ),
        Table(
            model="rendering.RenderJob",
            is_portable=True,
            on_import=_as_it_ended,
            owner=Owner(tenant="tenant", person="created_by"),
            purpose=_RENDERING,
            kept=WITH_THE_TENANT,
            fields=[
                content("title", "script", "resolution", "fps", "aspect", "quality", "degraded", "error"),
                actor("created_by"),
                usage("estimate", "charged", "video_bytes", "stored_bytes", "duration_ms"),
                record("id", "tenant", "project", "state", "priority", "progress", "work_total", "film_key"),
                record("retries", "cancel_requested_at", "created_at", "started_at", "finished_at"),
                record("updated_at", "trace"),
            ],
        ),
        Table(
            model="rendering.RenderStep",
            is_portable=True,
            on_import=_as_it_ended,
            owner=_OF_TENANT,
            purpose=_RENDERING,
            kept=WITH_THE_TENANT,
            fields=[
                content("inputs", "output", "degraded", "error"),
                usage("charges", "seconds"),
                record("id", "tenant", "job", "kind", "scene", "part", "ordinal", "state", "cache_key"),
                record("is_cached", "attempt", "failures", "crashes", "work", "work_done", "worker"),
                record("lease_until", "not_before", "ready_at", "started_at", "finished_at"),
            ],
        ),
        Table(
            model="rendering.StepAttempt",
            owner=_OF_TENANT,
            purpose=_RENDERING,
            kept=WITH_THE_TENANT,
            fields=[
                content("detail"),
                record(
                    "id", "tenant", "step", "number", "outcome", "worker", "log", "started_at", "ended_at"
                ),
            ],
        ),
        Table(
            model="rendering.CacheEntry",
            is_portable=True,
            owner=_OF_TENANT,
            purpose=_RENDERING,
            kept=_CACHED,
            file="storage_key",
            fields=[
                content("output"),
                usage("unpaid"),
                record("id", "tenant", "key", "kind", "storage_key", "size_bytes", "created_at", "used_at"),
            ],
        ),
        *intake.TABLES,
        *providers.TABLES,
        *publishing.TABLES,
    ],
    storage=[
        StorageArea(
            area="assets",
            purpose=_WORK,
            category=Category.CONTENT,
            kept=WITH_THE_TENANT,
            promised=_assets,
            titled=_uploads_by_title,
            heading="Uploads",
        ),
        StorageArea(
            area="videos",
            purpose=_RENDERING,
            category=Category.CONTENT,
            kept=WITH_THE_TENANT,
            promised=_videos,
            titled=_videos_by_title,
            heading="Videos",
        ),
        StorageArea(
            area="cache",
            purpose=_RENDERING,
            category=Category.CONTENT,
            kept=_CACHED,
            promised=_cache,
        ),
    ],
    halts=[_cancel_renders],
    leaves=[_disconnect_youtube],
    parties=[*providers.PARTIES, *publishing.PARTIES],
    local_adapters=providers.LOCAL_ADAPTERS,
)
