"""Small pictures of scenes for the pages: the upload made smaller, or the card as a render would draw it."""

from __future__ import annotations

import hashlib
from io import BytesIO

from PIL import Image, ImageOps

from rendering import timeline
from rendering.assets import still_key
from rendering.choices import Aspect
from rendering.media.specs import CardSpec
from rendering.models import Scene, StepKind
from rendering.pipeline import StepDraft
from tenants import storage

JPEG_QUALITY = 82
_SIZES = {Aspect.WIDE: (640, 360), Aspect.TALL: (360, 640), Aspect.SQUARE: (480, 480)}


def thumbnail_version(scene: Scene, *, aspect: str) -> str:
    """Changes when the picture would; part of its address, so that browsers may keep it for good."""
    subject = scene.image_id or _card_text(scene)
    return hashlib.sha256(f"{aspect}/{subject}".encode()).hexdigest()[:12]


def thumbnail(scene: Scene, *, aspect: str) -> bytes:
    """A JPEG of at most 640 pixels on its longer side."""
    image = _uploaded(scene, aspect=aspect) if scene.image else _card(scene, aspect=aspect)
    out = BytesIO()
    image.save(out, format="JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def _uploaded(scene: Scene, *, aspect: str) -> Image.Image:
    assert scene.image is not None  # noqa: S101  # the caller looked; this is for the type checker
    with storage.open_file(still_key(scene.image)) as file, Image.open(file) as image:
        # Decodes at a fraction of the size; the file is our own clean JPEG, never the user's bytes.
        image.draft("RGB", _SIZES[Aspect(aspect)])
        return ImageOps.fit(image.convert("RGB"), _SIZES[Aspect(aspect)])


def _card(scene: Scene, *, aspect: str) -> Image.Image:
    # OpenCV costs 45 MB and 0.3 s to import: only processes that draw pay for it.
    from rendering.media.cards import draw_card

    width, height = timeline.still_size("1080p", aspect)
    text = _card_text(scene)
    inputs = {"prompt": text, "width": width, "height": height}
    drawn_by_render = StepDraft(kind=StepKind.IMAGE, scene=0, inputs=inputs, work=0)
    small_width, small_height = _SIZES[Aspect(aspect)]
    spec = CardSpec(
        out_path="",
        text=text,
        number=0,
        width=small_width,
        height=small_height,
        seed=drawn_by_render.cache_key,
    )
    return draw_card(spec)


def _card_text(scene: Scene) -> str:
    return scene.image_prompt or scene.narration
