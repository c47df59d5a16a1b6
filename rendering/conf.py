"""Settings of the rendering app, read lazily so that tests can override them."""

from __future__ import annotations

from django.conf import settings

MAX_SCENES = 200
MAX_SCRIPT_CHARACTERS = 100_000
MAX_NARRATION_CHARACTERS = 5_000
MAX_PROMPT_CHARACTERS = 2_000
MAX_HEADING_CHARACTERS = 200
MAX_CAPTION_CHARACTERS = 500
MAX_SCENE_SECONDS = 300
# More of a clip is never seen.
MAX_CLIP_SECONDS = MAX_SCENE_SECONDS
MAX_DRAFTED_SCENES = 20
MAX_RESUMABLE_BYTES = 4 * 1024**3
MAX_PIECE_BYTES = 64 * 1024**2
MAX_SOUND_SECONDS = 1800
MAX_UPLOAD_BYTES = 200 * 1024 * 1024
MAX_LOGO_BYTES = 10 * 1024 * 1024
FPS_CHOICES = (24, 25, 30, 60)


def step_timeout_seconds() -> int:
    """RENDERING_STEP_TIMEOUT_SECONDS: how long one step may run before its process group is killed (60)."""
    return int(getattr(settings, "RENDERING_STEP_TIMEOUT_SECONDS", 60))


def lease_seconds() -> int:
    """RENDERING_LEASE_SECONDS: how long a claimed step is believed alive without a heartbeat (30)."""
    return int(getattr(settings, "RENDERING_LEASE_SECONDS", 30))


def heartbeat_seconds() -> float:
    """RENDERING_HEARTBEAT_SECONDS: how often a running step renews its lease and sees a cancellation (2)."""
    return float(getattr(settings, "RENDERING_HEARTBEAT_SECONDS", 2))


def max_failures() -> int:
    """RENDERING_MAX_FAILURES: tries of one step before its job fails (4)."""
    return int(getattr(settings, "RENDERING_MAX_FAILURES", 4))


def max_crashes() -> int:
    """RENDERING_MAX_CRASHES: lost workers before a step is put in quarantine and its job fails (3)."""
    return int(getattr(settings, "RENDERING_MAX_CRASHES", 3))


def retry_base_seconds() -> float:
    """RENDERING_RETRY_BASE_SECONDS: first back-off of a failed step; doubles each time, full jitter (2)."""
    return float(getattr(settings, "RENDERING_RETRY_BASE_SECONDS", 2))


def scaled_back_off(base_seconds: float | None) -> float | None:
    """A class's own first back-off, stretched or shortened as RENDERING_RETRY_BASE_SECONDS is from 2."""
    return None if base_seconds is None else base_seconds * retry_base_seconds() / 2


def jobs_at_once() -> int:
    """RENDERING_JOBS_AT_ONCE: how many jobs of one tenant are worked on; the others wait in line (8)."""
    return int(getattr(settings, "RENDERING_JOBS_AT_ONCE", 8))


def doorbell_patience_seconds() -> int:
    """RENDERING_DOORBELL_PATIENCE_SECONDS: age at which the sweeper rings again for waiting work (8)."""
    return int(getattr(settings, "RENDERING_DOORBELL_PATIENCE_SECONDS", 8))


def site_url() -> str:
    """SITE_URL: where links in messages lead."""
    return str(settings.SITE_URL)


def providers(kind: str) -> list[str]:
    """RENDERING_PROVIDERS: dotted paths of who makes images, narrations and scripts, first choice first."""
    return list(settings.RENDERING_PROVIDERS.get(kind, []))


def provider_seconds() -> float:
    """RENDERING_PROVIDER_SECONDS: the longest a call may take in all, below the limit of a step (45)."""
    return min(float(settings.RENDERING_PROVIDER_SECONDS), step_timeout_seconds() - 5.0)


def provider_calls() -> int:
    """RENDERING_PROVIDER_CALLS: calls a tenant may have made in a month; 0 is no limit."""
    return int(settings.RENDERING_PROVIDER_CALLS)


def provider_micros() -> int:
    """RENDERING_PROVIDER_DOLLARS: what they may cost, in millionths of a dollar; 0 is no limit."""
    return round(float(settings.RENDERING_PROVIDER_DOLLARS) * 1_000_000)


def price_micros(name: str) -> int:
    """RENDERING_PROVIDER_PRICES: a picture, or a thousand characters, in millionths of a dollar."""
    return round(float(settings.RENDERING_PROVIDER_PRICES.get(name, 0)) * 1_000_000)


def is_private_provider_allowed() -> bool:
    """RENDERING_PROVIDERS_PRIVATE: providers may stand in this network, and speak plain HTTP."""
    return bool(settings.RENDERING_PROVIDERS_PRIVATE)


def provider_patience_seconds() -> float:
    """RENDERING_PROVIDER_PATIENCE_SECONDS: how old a job may grow waiting for a busy provider (300)."""
    return float(getattr(settings, "RENDERING_PROVIDER_PATIENCE_SECONDS", 300))
