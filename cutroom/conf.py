"""Settings of the ground floor, read lazily so that tests can override them."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings


def metrics_token() -> str:
    """CUTROOM_METRICS_TOKEN: opens /metrics from anywhere; empty: it answers this machine only."""
    return str(getattr(settings, "CUTROOM_METRICS_TOKEN", ""))


def worker_port() -> int:
    """CUTROOM_WORKER_PORT: where a worker answers /livez and /metrics; 0: nowhere."""
    return int(getattr(settings, "CUTROOM_WORKER_PORT", 0))


def var_dir() -> Path:
    """CUTROOM_VAR: where everything that this machine writes lies."""
    return Path(settings.CUTROOM_VAR)
