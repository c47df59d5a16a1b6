"""How pages write lengths and sizes, and draw the dial and the strip."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template

from cutroom import clock, dials
from rendering import drawings
from rendering.choices import Aspect
from rendering.models import JobState, RenderJob
from rendering.storyboard import Frame, Storyboard

register = template.Library()

_WORDS = {
    JobState.QUEUED: "Queued",
    JobState.RUNNING: "Rendering",
    JobState.SUCCEEDED: "Ready",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Cancelled",
}
# The strip is 46 pixels high.
_STRIP_FRAME_WIDTHS = {Aspect.WIDE: 82, Aspect.TALL: 26, Aspect.SQUARE: 46}
_CLASSES = {
    JobState.QUEUED: "wait",
    JobState.RUNNING: "live",
    JobState.SUCCEEDED: "ok",
    JobState.FAILED: "bad",
    JobState.CANCELLED: "wait",
}


@register.filter
def timecode(milliseconds: float | None) -> str:
    """A length as m:ss or h:mm:ss; a dash when unknown."""
    if milliseconds is None:
        return "–"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@register.filter
def seconds(milliseconds: float) -> str:
    """A length in seconds with one decimal."""
    return f"{milliseconds / 1000:.1f}"


@register.filter
def minutes(milliseconds: float | None) -> str:
    """A length in minutes with two decimals, as the meters count it."""
    return f"{(milliseconds or 0) / 60_000:.2f}"


@register.filter
def wait(seconds: float) -> str:
    """For how long somebody will wait: 8 s, 50 s, 3 min."""
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds, -1):.0f} s" if seconds < 95 else f"{round(seconds / 60)} min"


@register.filter
def size(size_bytes: int | None) -> str:
    """A file size in decimal units, as disks and storage meters count: 41 MB."""
    if size_bytes is None:
        return "–"
    amount = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


@register.filter
def age(moment: datetime) -> str:
    """How long ago, in the largest fitting unit: "now", "5 min", "3 h", "9 d"."""
    passed = (clock.now() - moment).total_seconds()
    for length, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if passed >= length:
            return f"{passed // length:.0f} {unit}"
    return "now"


@register.inclusion_tag("rendering/_leader.html")
def leader(percent: float, of: str = "done") -> dict[str, Any]:
    """The dial of a film leader: how much of the render is done, or of something else `of` says."""
    return {"leader": dials.leader(int(percent)), "of": of}


@register.inclusion_tag("rendering/_strip.html")
def strip(board: Storyboard, selected: Frame | None) -> dict[str, Any]:
    """The film as a strip of frames, each as wide as its scene is long."""
    lengths = [frame.milliseconds for frame in board.frames]
    pieces = list(zip(board.frames, drawings.spans(lengths), strict=True))
    chosen = next((span for frame, span in pieces if frame == selected), None)
    return {
        "board": board,
        "pieces": pieces,
        "ticks": drawings.ticks(board.milliseconds),
        "selected": selected,
        "chosen": chosen,
        "frame_width": _STRIP_FRAME_WIDTHS[board.aspect],
    }


@register.filter
def state_word(job: RenderJob) -> str:
    """The state as people say it; "Ready, degraded" when something had to be replaced."""
    is_degraded = job.state == JobState.SUCCEEDED and job.degraded
    return "Ready, degraded" if is_degraded else _WORDS[JobState(job.state)]


@register.filter
def state_class(job: RenderJob) -> str:
    """The look of that word: shape and colour."""
    is_degraded = job.state == JobState.SUCCEEDED and job.degraded
    return "warn" if is_degraded else _CLASSES[JobState(job.state)]


@register.filter
def step_icon(state: str) -> str:
    """The icon of a step line."""
    return {"done": "check", "doing": "cut", "failed": "close"}.get(state, "clock")


@register.filter
def frame_class(aspect: str) -> str:
    """The class of a frame that is not 16:9."""
    return {Aspect.TALL: "tall", Aspect.SQUARE: "square"}.get(Aspect(aspect), "")
