"""OpenAI's images, speech and chat, and every server that speaks the same API.

https://platform.openai.com/docs/api-reference/images/create, …/audio/createSpeech, …/chat/create
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from rendering import conf
from rendering.media.specs import PictureSpec, RecordingSpec
from rendering.providers import ImageRequest, NarrationRequest, RunMedia, ScriptRequest
from rendering.providers.calls import Call, Errand, document, nonsense, send
from rendering.providers.received import clean_picture, clean_recording
from rendering.providers.writing import instructions, script_of

MOST_IMAGE_BYTES = 48_000_000
MOST_SPEECH_BYTES = 64_000_000
MOST_CHAT_BYTES = 1_000_000
# What gpt-image-1 draws, by shape.
_SIZES = {"wide": "1536x1024", "tall": "1024x1536", "square": "1024x1024"}
_PREFIX = "openai:"


class _OpenAI:
    """What the three have in common: address, key and model."""

    name: str
    _model_setting: str

    @property
    def identity(self) -> str:
        """See Provider."""
        return f"{self.name}/{self._model}"

    @property
    def _model(self) -> str:
        return str(settings.RENDERING_OPENAI[self._model_setting])

    def _call(self, path: str, body: dict[str, Any], **options: Any) -> Call:
        headers = {
            "Authorization": f"Bearer {settings.RENDERING_OPENAI_KEY}",
            "Content-Type": "application/json",
        }
        url = f"{settings.RENDERING_OPENAI['url']}{path}"
        return Call(provider=self.name, url=url, headers=headers, body=json.dumps(body).encode(), **options)


class OpenAIImages(_OpenAI):
    """Draws what a prompt describes."""

    name = "openai-images"
    _model_setting = "image_model"

    def draw(self, request: ImageRequest, *, out_path: Path, run: RunMedia, errand: Errand) -> None:
        """See ImageProvider. The API draws 3:2 at most; the frame cuts what is over."""
        body = {"model": self._model, "prompt": request.prompt, "n": 1, "size": _size(request)}
        if not self._model.startswith("gpt-image"):
            # Older models and other servers give a URL unless they are asked not to.
            body["response_format"] = "b64_json"
        call = self._call(
            "/images/generations",
            body,
            accepts=("application/json",),
            cost_micros=conf.price_micros(self.name),
            most_bytes=MOST_IMAGE_BYTES,
        )
        answer = document(self.name, send(call, errand))
        received = out_path.with_name("received")
        received.write_bytes(self._pixels(answer))
        clean_picture(self.name, PictureSpec(in_path=str(received), out_path=str(out_path)), run)

    def _pixels(self, answer: dict[str, Any]) -> bytes:
        try:
            pixels = base64.b64decode(answer["data"][0]["b64_json"], validate=True)
        except (KeyError, IndexError, TypeError, binascii.Error):
            raise nonsense(self.name, "answered without a picture.") from None
        if not pixels:
            raise nonsense(self.name, "answered with an empty picture.")
        return pixels


class OpenAISpeech(_OpenAI):
    """Speaks, in the language of the text. The API tells no times of words; they are measured."""

    name = "openai-speech"
    _model_setting = "speech_model"

    def voices(self) -> Sequence[tuple[str, str]]:
        """See NarrationProvider."""
        known = settings.RENDERING_OPENAI["voices"]
        return [(f"{_PREFIX}{voice}", f"{voice.title()}, natural, every language") for voice in known]

    def speak(
        self, request: NarrationRequest, *, out_path: Path, run: RunMedia, errand: Errand
    ) -> dict[str, Any]:
        """See NarrationProvider."""
        voice = request.voice.removeprefix(_PREFIX) or settings.RENDERING_OPENAI["voices"][0]
        body = {"model": self._model, "voice": voice, "input": request.text, "response_format": "mp3"}
        call = self._call(
            "/audio/speech",
            body,
            accepts=("audio/", "application/octet-stream"),
            cost_micros=conf.price_micros(self.name) * len(request.text) // 1000,
            most_bytes=MOST_SPEECH_BYTES,
        )
        received = out_path.with_name("received")
        send(call, errand, into=received)
        spec = RecordingSpec(in_path=str(received), out_path=str(out_path), text=request.text)
        return clean_recording(self.name, spec, run)


class OpenAIChat(_OpenAI):
    """Writes a script about a topic."""

    name = "openai-chat"
    _model_setting = "chat_model"

    def write(self, request: ScriptRequest, *, errand: Errand) -> tuple[str, str]:
        """See ScriptProvider."""
        body = {
            "model": self._model,
            "messages": instructions(request),
            "response_format": {"type": "json_object"},
        }
        call = self._call(
            "/chat/completions",
            body,
            accepts=("application/json",),
            cost_micros=conf.price_micros(self.name) * (2_000 + 400 * request.scenes) // 1000,
            most_bytes=MOST_CHAT_BYTES,
        )
        answer = document(self.name, send(call, errand))
        try:
            return script_of(answer["choices"][0]["message"]["content"], scenes=request.scenes)
        except (KeyError, IndexError, TypeError, ValueError):
            raise nonsense(self.name, "did not answer with a script.") from None


def _size(request: ImageRequest) -> str:
    if request.width == request.height:
        return _SIZES["square"]
    return _SIZES["wide" if request.width > request.height else "tall"]
