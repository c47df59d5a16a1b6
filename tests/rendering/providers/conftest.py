"""The providers pointed at a server of this machine, and one errand for each of them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from rendering import providers
from rendering.media import host
from rendering.media.specs import Spec
from rendering.providers import ImageRequest, NarrationRequest, ScriptRequest
from rendering.providers.calls import Errand
from rendering.providers.elevenlabs import ElevenLabs
from rendering.providers.openai import OpenAIChat, OpenAIImages, OpenAISpeech
from rendering.providers.stability import StabilityImages
from tests.cast import Cast
from tests.rendering.providers.far_side import FarSide, far_side

TEXT = "The tide fills the pond. The gate falls shut."


@dataclass
class Ask:
    """One provider, and how to ask it for something."""

    provider: Any
    directory: Path
    tenant_id: uuid.UUID
    key: uuid.UUID = field(default_factory=uuid.uuid4)
    is_cancelled: Callable[[], bool] = lambda: False

    def __call__(self, *, seconds: float = 20.0) -> Any:
        """Ask it; the result of its method."""
        errand = Errand(
            tenant_id=self.tenant_id,
            key=self.key,
            deadline=time.monotonic() + seconds,
            is_cancelled=self.is_cancelled,
        )
        if isinstance(self.provider, OpenAIChat):
            request = ScriptRequest(topic="tide mills", language="en", scenes=2)
            return self.provider.write(request, errand=errand)
        if isinstance(self.provider, OpenAIImages | StabilityImages):
            image = ImageRequest(prompt="A pond at dawn", width=640, height=360, key="ab" * 32)
            return self.provider.draw(image, out_path=self.out_path, run=run, errand=errand)
        speech = NarrationRequest(text=TEXT, language="en", voice="")
        return self.provider.speak(speech, out_path=self.out_path, run=run, errand=errand)

    @property
    def out_path(self) -> Path:
        """Where the file appears."""
        return self.directory / "out.bin"


def run(spec: Spec) -> dict[str, Any]:
    return host.run(spec, timeout_seconds=30)


@pytest.fixture
def far(settings: Settings) -> Iterator[FarSide]:
    """The far side, and an installation that uses it."""
    with far_side() as server:
        settings.RENDERING_OPENAI = {**settings.RENDERING_OPENAI, "url": f"{server.url}/v1"}
        settings.RENDERING_STABILITY = {**settings.RENDERING_STABILITY, "url": server.url}
        voices = {"Rachel": "21m00Tcm4TlvDq8ikWAM"}
        settings.RENDERING_ELEVENLABS = {
            **settings.RENDERING_ELEVENLABS,
            "url": server.url,
            "voices": voices,
        }
        settings.RENDERING_OPENAI_KEY = settings.RENDERING_STABILITY_KEY = "sk-test"
        settings.RENDERING_ELEVENLABS_KEY = "sk-test"
        settings.RENDERING_PROVIDERS_PRIVATE = True
        yield server


ALL = [OpenAIImages, StabilityImages, OpenAISpeech, ElevenLabs, OpenAIChat]


@pytest.fixture(params=ALL, ids=lambda kind: kind.name)
def ask(request: pytest.FixtureRequest, far: FarSide, cast: Cast, tmp_path: Path) -> Ask:
    """Each provider that speaks HTTP, one after the other."""
    return Ask(provider=request.param(), directory=tmp_path, tenant_id=cast.acme.pk)


@pytest.fixture
def outside(settings: Settings, far: FarSide) -> FarSide:
    """An installation whose pictures and voices come from outside."""
    local = settings.RENDERING_PROVIDERS
    settings.RENDERING_PROVIDERS = {
        "image": ["rendering.providers.openai.OpenAIImages", *local["image"]],
        "narration": ["rendering.providers.openai.OpenAISpeech", *local["narration"]],
        "script": ["rendering.providers.openai.OpenAIChat"],
    }
    assert providers.image_identity().startswith("openai-images/")
    return far
