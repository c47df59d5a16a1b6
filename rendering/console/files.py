"""What a tenant has stored, under the tab Files: sizes and ages by kind. No names: people give them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum
from django.urls import reverse

from cutroom.console.board import Sheet
from rendering.brand_models import Brand
from rendering.intake.models import Upload, UploadState
from rendering.models import Asset, AssetKind, CacheEntry, JobState, RenderJob
from tenants.console.panels import panel
from tenants.models import Tenant

FILES_OF_TENANT = 50
_OF_ALL = {"count": Count("pk"), "size": Sum("size_bytes"), "newest": Max("created_at")}
_OF_VIDEOS = {"count": Count("pk"), "size": Sum("stored_bytes"), "newest": Max("finished_at")}
_ON_THE_WAY = (UploadState.RECEIVING, UploadState.CHECKING)


@dataclass(frozen=True, kw_only=True)
class Total:
    """All files of one kind."""

    kind: str
    count: int
    size: int
    newest: datetime | None


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """One file, by its id. `url` is the page of the job that made it; empty for what was uploaded."""

    kind: str
    id: str
    size: int
    at: datetime
    url: str = ""


@panel("files", order=85, tab="Files")
def of_tenant(tenant: Tenant, at: datetime) -> Sheet:
    """How much of each kind, and the newest files. Seven queries, however many files there are."""
    totals = list(_totals())
    newest = sorted([*_uploaded(), *_arriving(), *_videos()], key=lambda each: each.at, reverse=True)
    context = {
        "at": at,
        "totals": totals,
        "size": sum(each.size for each in totals),
        "files": newest[:FILES_OF_TENANT],
    }
    return Sheet(template="rendering/console/_files.html", context=context)


def _totals() -> Iterator[Total]:
    yield from _total("video", _made().aggregate(**_OF_VIDEOS))
    for row in Asset.objects.order_by("kind").values("kind").annotate(**_OF_ALL):
        yield from _total(_uploaded_kind(row["kind"]), dict(row))
    for size, newest in Brand.objects.exclude(logo_key="").values_list("logo_bytes", "updated_at"):
        yield Total(kind="logo", count=1, size=size, newest=newest)
    yield from _total("part of videos", CacheEntry.objects.aggregate(**_OF_ALL))


def _total(kind: str, row: dict[str, Any]) -> Iterator[Total]:
    if row["count"]:
        yield Total(kind=kind, count=row["count"], size=row["size"] or 0, newest=row["newest"])


def _uploaded() -> Iterator[StoredFile]:
    for each in Asset.objects.order_by("-created_at", "-id")[:FILES_OF_TENANT]:
        kind = _uploaded_kind(each.kind)
        yield StoredFile(kind=kind, id=str(each.pk), size=each.size_bytes, at=each.created_at)


def _arriving() -> Iterator[StoredFile]:
    for each in Upload.objects.filter(state__in=_ON_THE_WAY).order_by("-created_at")[:FILES_OF_TENANT]:
        kind = f"upload, {each.get_state_display()}"
        yield StoredFile(kind=kind, id=str(each.pk), size=each.offset, at=each.created_at)


def _videos() -> Iterator[StoredFile]:
    for job in _made().defer("script").order_by("-created_at", "-pk")[:FILES_OF_TENANT]:
        at, url = job.finished_at or job.created_at, reverse("admin:job", args=[job.pk])
        yield StoredFile(kind="video", id=str(job.pk), size=job.stored_bytes, at=at, url=url)


def _made() -> QuerySet[RenderJob]:
    return RenderJob.objects.filter(state=JobState.SUCCEEDED)


def _uploaded_kind(kind: str) -> str:
    return f"uploaded {AssetKind(kind).label}"
