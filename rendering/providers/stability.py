"""Stability AI's stable image API. https://platform.stability.ai/docs/api-reference (v2beta)"""

from __future__ import annotations

from math import gcd
from pathlib import Path

import httpx
from django.conf import settings

from rendering import conf
from rendering.media.specs import PictureSpec
from rendering.providers import ImageRequest, RunMedia
from rendering.providers.calls import Call, Errand, send
from rendering.providers.received import clean_picture

MOST_BYTES = 32_000_000
_SHAPES = {"16:9", "9:16", "1:1"}


class StabilityImages:
    """Draws what a prompt describes, in the shape of the video."""

    name = "stability"

    @property
    def identity(self) -> str:
        """See Provider."""
        return f"{self.name}/{settings.RENDERING_STABILITY['model']}"

    def draw(self, request: ImageRequest, *, out_path: Path, run: RunMedia, errand: Errand) -> None:
        """See ImageProvider. The seed follows from the request, so a lost answer is drawn the same again."""
        fields = {
            "prompt": request.prompt,
            "aspect_ratio": _shape(request),
            "seed": str(int(request.key[:7], 16)),
            "output_format": "png",
        }
        # The API wants a form with parts; httpx writes one, and nothing is sent by it.
        form = httpx.Request("POST", "http://form.invalid", files={k: (None, v) for k, v in fields.items()})
        headers = {
            "Authorization": f"Bearer {settings.RENDERING_STABILITY_KEY}",
            "Accept": "image/*",
            "Content-Type": form.headers["Content-Type"],
        }
        model = settings.RENDERING_STABILITY["model"]
        call = Call(
            provider=self.name,
            url=f"{settings.RENDERING_STABILITY['url']}/v2beta/stable-image/generate/{model}",
            headers=headers,
            body=form.read(),
            accepts=("image/",),
            cost_micros=conf.price_micros(self.name),
            most_bytes=MOST_BYTES,
        )
        received = out_path.with_name("received")
        send(call, errand, into=received)
        clean_picture(self.name, PictureSpec(in_path=str(received), out_path=str(out_path)), run)


def _shape(request: ImageRequest) -> str:
    divisor = gcd(request.width, request.height)
    shape = f"{request.width // divisor}:{request.height // divisor}"
    if shape in _SHAPES:
        return shape
    return "16:9" if request.width > request.height else "9:16"
