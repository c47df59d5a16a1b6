"""What the next render of a project would cost, beside what is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cutroom.errors import DomainError
from metering import selectors as metering_selectors
from metering.meters import Meter
from rendering import services
from rendering.errors import NothingToRender
from rendering.models import Project


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Minutes and pictures; `minutes_left` None is unlimited, `refusal` None means it would be accepted."""

    images: int
    tts_minutes: float
    render_minutes: float
    seconds: float
    minutes_left: float | None
    refusal: DomainError | None


def cost(*, project: Project, resolution: str, fps: int, at: datetime) -> Cost | None:
    """The cost of rendering the project as it is stored; None while there is nothing to render."""
    try:
        quote = services.quote(project=project, resolution=resolution, fps=fps, at=at)
    except NothingToRender:
        return None
    amounts = quote.estimate.to_json()
    return Cost(
        images=int(amounts["images"]),
        tts_minutes=amounts["tts_minutes"],
        render_minutes=amounts["render_minutes"],
        seconds=amounts["seconds"],
        minutes_left=_minutes_left(project, amounts["render_minutes"], at),
        refusal=quote.refusal,
    )


def _minutes_left(project: Project, needed: float, at: datetime) -> float | None:
    rows = metering_selectors.usage(project.tenant_id, at)
    limit, taken = next((row.limit, row.taken) for row in rows if row.meter is Meter.RENDER)
    return None if limit is None else max(limit - taken - needed, 0)
