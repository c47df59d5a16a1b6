"""May this much be used now? One call with everything an answer needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from metering import conf, entitlements, readings
from metering.entitlements import Entitlements
from metering.meters import Meter
from metering.readings import Reading


class Reason(models.TextChoices):
    """Why it is allowed, or why not."""

    UNLIMITED = "unlimited", _("The plan has no limit.")
    FITS = "fits", _("It fits under the limit.")
    CREDITS = "credits", _("The limit is full; credits pay for the rest.")
    SLACK = "slack", _("It is above the limit, by no more than the plan lets pass.")
    SIMULATED = "simulated", _("It is above the limit, which is only being tried out.")
    FULL = "full", _("It does not fit under the limit.")


class Way(models.TextChoices):
    """What a tenant can do about a full meter."""

    UPGRADE = "upgrade", _("Choose a larger plan.")
    WAIT = "wait", _("Wait until the meter starts again.")
    MAKE_ROOM = "make-room", _("Delete something to make room.")
    ASK = "ask", _("Ask for a higher limit.")


@dataclass(frozen=True, kw_only=True)
class WayOut:
    """One way out of a full meter: where it leads, or until when it takes."""

    way: Way
    url: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether `requested` more of a meter is allowed, and how the meter stands; smallest units.

    `limit` None is unlimited; it includes credits. `ways_out` is empty while it is allowed.
    """

    is_allowed: bool
    meter: Meter
    requested: int
    used: int
    held: int
    limit: int | None
    credits: int
    resets_at: datetime | None
    reason: Reason
    ways_out: tuple[WayOut, ...]

    @property
    def left(self) -> int | None:
        """What still fits under the limit; None is unlimited."""
        return None if self.limit is None else max(self.limit - self.used - self.held, 0)


def decide(*, tenant_id: UUID, meter: Meter, amount: int, at: datetime) -> Decision:
    """Would `reserve` hold `amount` now? Holds nothing, so the answer may change.

    Two queries: the plan, and the meter by its key. Inside tenant_context.
    """
    granted = entitlements.for_tenant(tenant_id)
    [reading] = readings.of_meters(tenant_id, granted, at, meters=[meter])
    is_allowed = reading.admits(amount)
    return Decision(
        is_allowed=is_allowed,
        meter=meter,
        requested=amount,
        used=reading.used,
        held=reading.held,
        limit=reading.capacity,
        credits=reading.credits,
        resets_at=reading.resets_at,
        reason=_reason(reading, amount),
        ways_out=() if is_allowed else tuple(ways_out(reading, granted)),
    )


def ways_out(reading: Reading, granted: Entitlements) -> Iterator[WayOut]:
    """What helps when this meter is full, the quickest first."""
    if granted.plan != entitlements.largest_plan():
        yield WayOut(way=Way.UPGRADE, url=conf.upgrade_url())
    if reading.meter.is_level:
        yield WayOut(way=Way.MAKE_ROOM, url=conf.library_url())
    else:
        yield WayOut(way=Way.WAIT, at=reading.resets_at)
    yield WayOut(way=Way.ASK, url=conf.ask_url(reading.meter.value))


def _reason(reading: Reading, amount: int) -> Reason:
    if reading.limit is None:
        return Reason.UNLIMITED
    by_plan = reading.taken - reading.credited
    if amount <= 0 or by_plan + amount <= reading.limit:
        return Reason.FITS
    if reading.slack == entitlements.SIMULATED:
        return Reason.SIMULATED
    if not reading.admits(amount):
        return Reason.FULL
    return Reason.CREDITS if amount <= max(reading.limit - by_plan, 0) + reading.credits else Reason.SLACK
