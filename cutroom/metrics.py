"""What Prometheus sees: counters of this machine's processes, and readings taken when it asks.

An app's `metrics` module declares both: events as prometheus_client Counters and Histograms, states (how old
is the oldest waiting step?) as `Reading`s handed to `register`. Names begin with `cutroom_`; labels hold
kinds and codes, never ids, names or texts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connections, transaction
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from cutroom import metric_files

logger = logging.getLogger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "cutroom_"

# A scrape must not wait for a table that grew; Prometheus gives up after ten seconds.
_STATEMENT_TIMEOUT = "SET LOCAL statement_timeout = '2s'"

Values = Mapping[tuple[str, ...], float]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A state read at each scrape.

    `read` returns a value for each tuple of label values; none at all when there is nothing to tell.
    `is_local` marks what differs between machines, such as disk space; the rest is read by the web alone.
    """

    name: str
    help: str
    read: Callable[[], Values]
    labels: tuple[str, ...] = ()
    is_local: bool = False


_readings: dict[str, Reading] = {}


def register(*readings: Reading) -> None:
    """Take readings into every scrape. The same name again replaces the earlier one."""
    _readings.update({reading.name: reading for reading in readings})


def registered() -> list[Reading]:
    """All readings, in the order of their registration."""
    return list(_readings.values())


def page(*, only_local: bool = False) -> bytes:
    """The text that Prometheus reads: events of this machine, then readings."""
    chosen = [reading for reading in registered() if reading.is_local or not only_local]
    registry = CollectorRegistry()
    registry.register(_Readings(chosen))
    return generate_latest(_events()) + generate_latest(registry)


def rows(statement: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Rows of a short statement by the ops role, which sees across tenants."""
    with transaction.atomic(using="ops"), connections["ops"].cursor() as cursor:
        cursor.execute(_STATEMENT_TIMEOUT)
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def one(value: float | None) -> Values:
    """The single value of a reading without labels; none when it is unknown."""
    return {} if value is None else {(): float(value)}


def _events() -> CollectorRegistry:
    if metric_files.shared_directory() is None:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # registers itself
    return registry


class _Readings(Collector):
    def __init__(self, readings: Iterable[Reading]) -> None:
        self._readings = readings

    def describe(self) -> list[Metric]:
        """Nothing: a registry that had to ask would take every reading twice."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Each reading, and whether it could be taken: one that fails must not hide the others."""
        taken = GaugeMetricFamily(f"{PREFIX}reading_ok", "Could this reading be taken?", labels=["reading"])
        for reading in self._readings:
            try:
                values = reading.read()
            except Exception as error:  # a reading may fail in any way its source does
                extra = {"reading": reading.name, "error": type(error).__name__}
                logger.warning("reading_failed", extra=extra)
                taken.add_metric([reading.name], 0)
                continue
            taken.add_metric([reading.name], 1)
            yield _family(reading, values)
        yield taken


def _family(reading: Reading, values: Values) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{PREFIX}{reading.name}", reading.help, labels=reading.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
