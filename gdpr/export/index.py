"""index.html: an export as a person opens it, from a disk, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.template.loader import render_to_string

from gdpr.export.listing import Listing
from gdpr.export.manifest import Contents, excluded, not_included
from gdpr.register import register
from rendering.models import Asset, JobState, RenderJob
from tenants.context import tenant_context

# A page with more would be slow to open; the data files have them all.
SHOWN = 500


@dataclass(frozen=True, kw_only=True)
class Link:
    """A file of the archive under a name that people know."""

    title: str
    path: str
    note: str


def index_page(contents: Contents) -> Iterator[bytes]:
    """The page, in one piece: its lists are cut off at SHOWN."""
    context = {
        "contents": contents,
        "head": contents.head(),
        "register": register(),
        "videos": _videos(contents),
        "assets": _assets(contents),
        "other_files": max(0, contents.members.count - 2 * len(contents.tables)),
        "missing": _first(contents.missing),
        "excluded": excluded(contents.tables),
        "not_included": not_included(),
        "shown": SHOWN,
    }
    yield render_to_string("gdpr/export_index.html", context).encode()


def _videos(contents: Contents) -> list[Link]:
    if not contents.subject.is_whole:
        return []
    with tenant_context(contents.subject.tenant_id):
        jobs = RenderJob.objects.filter(state=JobState.SUCCEEDED).order_by("-created_at")[:SHOWN]
        return [
            Link(
                title=job.title,
                path=f"files/videos/{job.pk}.mp4",
                note=f"{job.resolution}, {job.created_at:%d %B %Y}",
            )
            for job in jobs
        ]


def _assets(contents: Contents) -> list[Link]:
    if not contents.subject.is_whole:
        return []
    with tenant_context(contents.subject.tenant_id):
        prefix = f"tenants/{contents.subject.tenant_id}/"
        return [
            Link(
                title=asset.name,
                path=f"files/{asset.storage_key.removeprefix(prefix)}",
                note=f"{asset.kind}, {asset.created_at:%d %B %Y}",
            )
            for asset in Asset.objects.order_by("-created_at")[:SHOWN]
        ]


def _first(listing: Listing) -> list[dict[str, str]]:
    return list(islice(listing.items(), SHOWN))
