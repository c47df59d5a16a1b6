"""The meters and their units. Amounts are integers in the smallest unit; people see larger ones.

Five are Cutroom's own; METERING_METERS adds those of another product. In use are those that a plan limits, or
all where no plan limits anything.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from metering import conf

# Three decimals of a minute are 60 ms, of a GB one MB: enough to recognise a single short scene.
_SHOWN_PLACES = Decimal("0.001")

Shown = int | float
Label = str | Promise


class Meter(models.TextChoices):
    """A countable thing. Contract section 3: images and uploads are counted, speech and video are minutes."""

    IMAGES = "images_count", _("images")
    TTS = "tts_minutes", _("narration minutes")
    RENDER = "render_minutes", _("render minutes")
    STORAGE = "storage_gb", _("storage")
    UPLOADS = "uploads_count", _("uploads")

    _ignore_ = ["_name", "_label"]
    for _name, _label in conf.own_meters().items():
        vars()[_name.upper()] = _name, _label["label"]

    @property
    def unit(self) -> str:
        """The unit people see: "count", "minutes" or "GB" (10^9 bytes)."""
        return _UNITS[self][0]

    @property
    def unit_word(self) -> str:
        """The unit after a number in a sentence: "min", "GB", and nothing after pieces."""
        return {"count": "", "minutes": "min"}.get(self.unit, self.unit)

    @property
    def factor(self) -> int:
        """Smallest units (one, millisecond, byte) in one shown unit."""
        return _UNITS[self][1]

    @property
    def is_level(self) -> bool:
        """True for what is kept rather than consumed: it falls when things are deleted and never resets."""
        return self in _LEVELS

    def shown(self, amount: int) -> Shown:
        """`amount` in the shown unit, rounded to three decimals; whole numbers as int."""
        return _number((Decimal(amount) / self.factor).quantize(_SHOWN_PLACES, ROUND_HALF_EVEN))

    def shown_up(self, amount: int) -> Shown:
        """As `shown`, rounded up: a request is never shown as smaller than it is."""
        return _number((Decimal(amount) / self.factor).quantize(_SHOWN_PLACES, ROUND_CEILING))

    def smallest(self, shown: Shown | Decimal) -> int:
        """The amount in the smallest unit of a shown one, as written in METERING_PLANS."""
        return int(Decimal(str(shown)) * self.factor)


_UNITS: dict[Meter, tuple[str, int]] = {
    Meter.IMAGES: ("count", 1),
    Meter.TTS: ("minutes", 60_000),
    Meter.RENDER: ("minutes", 60_000),
    Meter.STORAGE: ("GB", 10**9),
    Meter.UPLOADS: ("count", 1),
    **{Meter(name): (own["unit"], own["factor"]) for name, own in conf.own_meters().items()},
}

_LEVELS = {Meter.STORAGE, *(Meter(name) for name, own in conf.own_meters().items() if own["is_level"])}


def choices() -> list[tuple[str, Label]]:
    """For fields of models: a callable, so that a meter more changes no migration."""
    return list(Meter.choices)


def in_use() -> list[Meter]:
    """The meters that some plan of METERING_PLANS limits, in the order of Meter; all when none is limited."""
    limited = {name for plan in conf.plans().values() for name in plan["limits"]}
    return [meter for meter in Meter if meter in limited] or list(Meter)


def percent_of(amount: int, limit: int | None) -> float:
    """How much of `limit` is taken, in percent, rounded down to one decimal: 100.0 means really full.

    Unlimited is 0, and a limit of nothing is always full.
    """
    if limit is None:
        return 0.0
    if limit <= 0:
        return 100.0
    return max(amount, 0) * 1000 // limit / 10


def _number(value: Decimal) -> Shown:
    return int(value) if value == value.to_integral_value() else float(value)
