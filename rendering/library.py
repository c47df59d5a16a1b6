"""The library: finished and running renders, searched, filtered, sorted, a page at a time."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Count, Expression, F, Func, Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast, Coalesce

from rendering import selectors
from rendering.models import ACTIVE_JOB_STATES, JobState, RenderJob

PAGE_SIZE = 24
STATES: Mapping[str, tuple[str, Q]] = {
    "ready": ("Ready", Q(state=JobState.SUCCEEDED)),
    "rendering": ("Rendering", Q(state__in=ACTIVE_JOB_STATES)),
    "failed": ("Failed", Q(state=JobState.FAILED)),
    "cancelled": ("Cancelled", Q(state=JobState.CANCELLED)),
}
_NEWEST = "newest"
_SORTS: Mapping[str, tuple[str, Expression | F | Coalesce]] = {
    _NEWEST: ("Newest first", F("created_at")),
    "longest": ("Longest first", Coalesce("duration_ms", 0)),
    "largest": ("Largest first", Coalesce("video_bytes", 0)),
}
SORTS = {name: label for name, (label, _) in _SORTS.items()}


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """One page of videos. `count` and `milliseconds` are of all that match; `next_cursor` "" ends it."""

    videos: Sequence[RenderJob]
    count: int
    milliseconds: int
    next_cursor: str
    is_filtered: bool


def shelf(*, words: str = "", state: str = "", sort: str = "", cursor: str = "") -> Shelf:
    """The renders that match; two queries however many there are. Unknown filters and cursors are ignored."""
    matching = _matching(words.strip(), state)
    totals = matching.aggregate(count=Count("pk"), milliseconds=Sum("duration_ms"))
    _, key = _SORTS.get(sort, _SORTS[_NEWEST])
    ordered = matching.annotate(sort_key=key).order_by("-sort_key", "-id")
    videos = list(_after(ordered, cursor)[: PAGE_SIZE + 1])
    return Shelf(
        videos=videos[:PAGE_SIZE],
        count=totals["count"],
        milliseconds=totals["milliseconds"] or 0,
        next_cursor=_cursor(videos[PAGE_SIZE - 1]) if len(videos) > PAGE_SIZE else "",
        is_filtered=bool(words.strip() or state in STATES),
    )


def _matching(words: str, state: str) -> QuerySet[RenderJob]:
    found = selectors.renders()
    if state in STATES:
        found = found.filter(STATES[state][1])
    if words:
        spoken = Func("script", function="jsonb_path_query_array", template=_NARRATIONS)
        found = found.alias(spoken=Cast(spoken, TextField()))
        found = found.filter(Q(title__icontains=words) | Q(spoken__icontains=words))
    return found


# Only what is said: a search for "image" must not find the keys of the snapshot.
_NARRATIONS = "%(function)s(%(expressions)s, '$.scenes[*].narration')"


def _after(ordered: QuerySet[RenderJob], cursor: str) -> QuerySet[RenderJob]:
    try:
        key, last_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return ordered.filter(Q(sort_key__lt=key) | Q(sort_key=key, id__lt=UUID(last_id)))
    except (binascii.Error, ValueError, TypeError, AttributeError, ValidationError):
        return ordered


def _cursor(job: Any) -> str:
    # str keeps the microseconds of a moment, which Django's JSON encoder would cut off.
    place = json.dumps([job.sort_key, job.pk], default=str)
    return base64.urlsafe_b64encode(place.encode()).decode()
