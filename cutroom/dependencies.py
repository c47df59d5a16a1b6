"""Metrics of the ground floor: what the product depends on, the disk, and doorbells nobody could take."""

from __future__ import annotations

import shutil
from pathlib import Path

from prometheus_client import Counter

from cutroom import conf, health, metrics
from cutroom.metrics import Reading, Values

DOORBELLS_LOST = Counter(
    "cutroom_doorbells_lost", "Messages the broker could not take; the sweeper rings again.", ["task"]
)


def register() -> None:
    """Take the readings of this storey into every scrape."""
    metrics.register(
        Reading(
            name="dependency_up",
            help="Does the dependency answer?",
            labels=("dependency",),
            read=_dependencies,
        ),
        Reading(
            name="disk_free_ratio",
            help="Free share of the file system that CUTROOM_VAR lies on.",
            read=_disk_free_ratio,
            is_local=True,
        ),
    )


def _dependencies() -> Values:
    return {(name,): float(check["ok"]) for name, check in health.check_all().items()}


def _disk_free_ratio() -> Values:
    disk = shutil.disk_usage(_existing(conf.var_dir()))
    return metrics.one(disk.free / disk.total)


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)
