"""ElevenLabs' voices, with the time of every character.

https://elevenlabs.io/docs/api-reference/text-to-speech/convert-with-timestamps
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from django.conf import settings

from rendering import conf
from rendering.media import words
from rendering.media.specs import RecordingSpec
from rendering.providers import NarrationRequest, RunMedia
from rendering.providers.calls import Call, Errand, document, nonsense, send
from rendering.providers.received import clean_recording

MOST_BYTES = 96_000_000
_PREFIX = "elevenlabs:"


class ElevenLabs:
    """Speaks with the voices the installation names."""

    name = "elevenlabs"

    @property
    def identity(self) -> str:
        """See Provider."""
        return f"{self.name}/{settings.RENDERING_ELEVENLABS['model']}"

    def voices(self) -> Sequence[tuple[str, str]]:
        """See NarrationProvider."""
        known = settings.RENDERING_ELEVENLABS["voices"]
        return [(f"{_PREFIX}{name}", f"{name}, natural, many languages") for name in known]

    def speak(
        self, request: NarrationRequest, *, out_path: Path, run: RunMedia, errand: Errand
    ) -> dict[str, Any]:
        """See NarrationProvider."""
        answer = document(self.name, send(self._call(request), errand))
        received = out_path.with_name("received")
        received.write_bytes(self._sound(answer))
        spec = RecordingSpec(
            in_path=str(received),
            out_path=str(out_path),
            text=request.text,
            words=_timed(request.text, answer.get("alignment")),
        )
        return clean_recording(self.name, spec, run)

    def _call(self, request: NarrationRequest) -> Call:
        known = settings.RENDERING_ELEVENLABS["voices"]
        name = request.voice.removeprefix(_PREFIX)
        voice_id = known.get(name) or next(iter(known.values()), "")
        query = "output_format=mp3_44100_128"
        body = {"text": request.text, "model_id": settings.RENDERING_ELEVENLABS["model"]}
        return Call(
            provider=self.name,
            url=f"{settings.RENDERING_ELEVENLABS['url']}/v1/text-to-speech/{voice_id}/with-timestamps?{query}",
            headers={
                "xi-api-key": settings.RENDERING_ELEVENLABS_KEY,
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
            body=json.dumps(body).encode(),
            accepts=("application/json",),
            cost_micros=conf.price_micros(self.name) * len(request.text) // 1000,
            most_bytes=MOST_BYTES,
        )

    def _sound(self, answer: dict[str, Any]) -> bytes:
        try:
            sound = base64.b64decode(answer["audio_base64"], validate=True)
        except (KeyError, TypeError, binascii.Error):
            raise nonsense(self.name, "answered without sound.") from None
        if not sound:
            raise nonsense(self.name, "answered with empty sound.")
        return sound


def _timed(text: str, alignment: Any) -> list[dict[str, Any]]:
    """The words of the text with their times; none when the alignment is not of this text."""
    try:
        starts = [round(1000 * at) for at in alignment["character_start_times_seconds"]]
        ends = [round(1000 * at) for at in alignment["character_end_times_seconds"]]
        characters = "".join(alignment["characters"])
    except (TypeError, KeyError):
        return []
    if characters != text or not len(starts) == len(ends) == len(text):
        return []
    pieces = words.split(text)
    edges = pairwise(accumulate(map(len, pieces), initial=0))
    return [
        {"text": piece, "start_ms": starts[first], "end_ms": ends[first + len(piece.rstrip() or piece) - 1]}
        for piece, (first, _) in zip(pieces, edges, strict=True)
    ]
