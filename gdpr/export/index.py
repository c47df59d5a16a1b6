"""index.html: an export as a person opens it, from a disk, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.template.loader import render_to_string

from gdpr.data_map import data_map
from gdpr.export.listing import Listing
from gdpr.export.manifest import Contents, excluded, not_included
from gdpr.register import register
from tenants import storage
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
    head = contents.head()
    context = {
        "contents": contents,
        "head": head,
        "empty": [table for table in head["tables"] if not table["rows"]],
        "register": register(),
        "areas": [(heading, links) for heading, links in _titled(contents) if links],
        "other_files": max(0, contents.members.count - 2 * len(contents.tables)),
        "missing": _first(contents.missing),
        "excluded": excluded(contents.tables),
        "not_included": not_included(),
        "shown": SHOWN,
    }
    yield render_to_string("gdpr/export_index.html", context).encode()


def _titled(contents: Contents) -> Iterator[tuple[str, list[Link]]]:
    """Heading and files of each area that people look into."""
    tenant_id = contents.subject.tenant_id
    prefix = f"{storage.folder_of(tenant_id)}/"
    for area in data_map().storage() if contents.subject.is_whole else ():
        if area.titled is not None:
            with tenant_context(tenant_id):
                named = list(islice(area.titled(tenant_id), SHOWN))
            links = [
                Link(title=each.title, path=f"files/{each.key.removeprefix(prefix)}", note=each.note)
                for each in named
            ]
            yield area.heading, links


def _first(listing: Listing) -> list[dict[str, str]]:
    return list(islice(listing.items(), SHOWN))
