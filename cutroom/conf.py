"""Settings of the ground floor, read lazily so that tests can override them."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings


def is_production() -> bool:
    """CUTROOM_PRODUCTION: true unless the settings of development or tests loosen it."""
    return bool(getattr(settings, "CUTROOM_PRODUCTION", True))


def is_debug() -> bool:
    """DEBUG."""
    return bool(settings.DEBUG)


def site_url() -> str:
    """SITE_URL: the address people use."""
    return str(settings.SITE_URL)


def allowed_hosts() -> list[str]:
    """ALLOWED_HOSTS."""
    return list(settings.ALLOWED_HOSTS)


def redis_url() -> str:
    """REDIS_URL."""
    return str(settings.REDIS_URL)


def secrets() -> list[tuple[str, str, int]]:
    """Name, value and least length of everything that must be random; a value may be empty where it may."""
    return [
        ("SECRET_KEY", str(settings.SECRET_KEY), 50),
        ("JWT_SECRET", str(getattr(settings, "JWT_SECRET", "")), 32),
        ("SIGNING_KEY", str(getattr(settings, "SIGNING_KEY", "")), 32),
        ("METRICS_TOKEN", metrics_token(), 24),
    ]


def metrics_token() -> str:
    """CUTROOM_METRICS_TOKEN: opens /metrics from anywhere; empty: it answers this machine only."""
    return str(getattr(settings, "CUTROOM_METRICS_TOKEN", ""))


def trace_url() -> str:
    """CUTROOM_TRACE_URL: where a trace is looked at, with {trace_id} in it; empty: nowhere."""
    return str(getattr(settings, "CUTROOM_TRACE_URL", ""))


def worker_port() -> int:
    """CUTROOM_WORKER_PORT: where a worker answers /livez and /metrics; 0: nowhere."""
    return int(getattr(settings, "CUTROOM_WORKER_PORT", 0))


def var_dir() -> Path:
    """CUTROOM_VAR: where everything that this machine writes lies."""
    return Path(settings.CUTROOM_VAR)


def places() -> int:
    """How many requests a web process works on at once: as many as its pool has connections."""
    pool = settings.DATABASES["default"]["OPTIONS"].get("pool")
    return int(pool["max_size"]) if pool else 8


def patience_seconds() -> float:
    """CUTROOM_PATIENCE_SECONDS: how long a request waits for its turn before it is answered with 503."""
    return float(getattr(settings, "CUTROOM_PATIENCE_SECONDS", 20))


def scratch_dir() -> Path:
    """CUTROOM_SCRATCH: where files are made before they are stored (CUTROOM_VAR/scratch)."""
    return Path(getattr(settings, "CUTROOM_SCRATCH", Path(settings.CUTROOM_VAR) / "scratch"))
