"""What a render will cost and how long it will take, before anything is spent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from rendering import given, pipeline, timeline
from rendering.film import WORK, Film, Known, Slot, StepDraft
from rendering.models import CacheEntry, StepKind

# Wall seconds a unit of work takes on two cores; one frame is one unit. Measured by `make bench`.
SECONDS_PER_UNIT = {"draft": 0.004, "720p": 0.006, "1080p": 0.010, "4k": 0.042}


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Amounts to hold, in smallest units per meter, and the seconds the render will take."""

    amounts: dict[str, int]
    seconds: float

    def to_json(self) -> dict[str, float]:
        """As the API shows it: images, minutes, seconds."""
        return {
            "images": self.amounts.get("images_count", 0),
            "tts_minutes": round(self.amounts.get("tts_minutes", 0) / 60_000, 2),
            "render_minutes": round(self.amounts.get("render_minutes", 0) / 60_000, 2),
            "seconds": round(self.seconds, 1),
        }


def estimate(film: Film) -> Estimate:
    """Look what is cached (two queries) and guess the rest, generously. Call inside a tenant context."""
    known: Known = {}
    paid: set[Slot] = set()
    amounts: Counter[str] = Counter()
    drafts = pipeline.plan(film, known)
    work = _look_up(drafts, known, paid, amounts)
    cards = [d for d in pipeline.plan(film, known) if d.kind == StepKind.IMAGE and d.part]
    work += _look_up(cards, known, paid, amounts) if cards else 0
    _guess_speech(film, known, amounts)
    segments = [d for d in pipeline.plan(film, known) if d.kind == StepKind.SEGMENT]
    work += _look_up([d for d in segments if _is_exact(d, paid)], known, paid, amounts)
    for draft in segments:
        if not _is_exact(draft, paid):
            amounts.update(draft.charges)
            work += draft.work
    work += WORK[StepKind.SOUND] + WORK[StepKind.STITCH]
    seconds = 0.5 + work * SECONDS_PER_UNIT["draft" if film.is_draft else film.resolution]
    return Estimate(amounts={name: amount for name, amount in amounts.items() if amount}, seconds=seconds)


def _look_up(drafts: list[StepDraft], known: Known, paid: set[Slot], amounts: Counter[str]) -> int:
    """Sort drafts into cached (at the price still unpaid) and new (at theirs); returns the new work."""
    keys = {draft.slot: draft.cache_key for draft in drafts}
    entries = {entry.key: entry for entry in CacheEntry.objects.filter(key__in=set(keys.values()))}
    work = 0
    for draft in drafts:
        entry = entries.get(keys[draft.slot])
        output = _given(draft) if entry is None else entry.output
        if output is not None:
            known[draft.slot] = output
            paid.add(draft.slot)
            amounts.update(entry.unpaid if entry else {})
        else:
            amounts.update(draft.charges)
            work += draft.work
    return work


def _given(draft: StepDraft) -> dict[str, Any] | None:
    """Outputs that need no work: uploaded pictures and empty narrations."""
    if draft.kind == StepKind.IMAGE and "asset" in draft.inputs:
        return given.picture(draft.inputs)
    if draft.kind == StepKind.NARRATION and given.is_silent(draft.inputs):
        return {"content": "", "storage_key": "", "duration_ms": 0, "words": []}
    return None


def _guess_speech(film: Film, known: Known, amounts: Counter[str]) -> None:
    """Fill in what is not known yet, so that segments can be counted."""
    for index, scene in enumerate(film.scenes):
        for part in (0, 1):
            known.setdefault((StepKind.IMAGE, index, part), {"content": "?", "storage_key": "?"})
        slot = (StepKind.NARRATION, index, 0)
        if slot not in known:
            spoken = timeline.estimated_speech_ms(scene["narration"], language=film.language(scene))
            known[slot] = {"content": "?", "storage_key": "?", "duration_ms": spoken, "words": []}
            amounts.update({"tts_minutes": spoken})


def _is_exact(draft: StepDraft, paid: set[Slot]) -> bool:
    """Can this segment's key be known already? Only when its scene's picture and voice are."""
    is_seen = "?" not in (draft.inputs["still"], draft.inputs.get("next_still"))
    return is_seen and (StepKind.NARRATION, draft.scene, 0) in paid
