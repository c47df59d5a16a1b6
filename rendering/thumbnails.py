"""Small pictures of scenes for the pages: the upload made smaller, or the card as a render would draw it."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps

from rendering import brands
from rendering.assets import still_key
from rendering.choices import Aspect, Look
from rendering.film import Film
from rendering.keys import RENDERER_VERSION
from rendering.models import Project, Scene
from rendering.snapshots import scene_row
from rendering.stills import card_inputs
from tenants import storage

JPEG_QUALITY = 82
_SIZES = {Aspect.WIDE: (640, 360), Aspect.TALL: (360, 640), Aspect.SQUARE: (480, 480)}


def thumbnail_version(scene: Scene, *, project: Project) -> str:
    """Changes when the picture would; part of its address, so that browsers may keep it for good."""
    inputs = card_inputs(_film(project), scene_row(scene, project=project))
    subject = [project.aspect, scene.image_id, RENDERER_VERSION, sorted(inputs.items())]
    return hashlib.sha256(repr(subject).encode()).hexdigest()[:12]


def thumbnail(scene: Scene, *, project: Project) -> bytes:
    """A JPEG of at most 640 pixels on its longer side. Raises MediaError when a picture cannot be read."""
    row = scene_row(scene, project=project)
    is_pictured = scene.image is not None and row["look"] in (Look.PHOTO, Look.SPLIT)
    if is_pictured and row["look"] == Look.PHOTO and not (row["heading"] or row["words"]):
        image = _uploaded(scene, project=project)
    else:
        inputs = card_inputs(_film(project), row)
        key = still_key(scene.image) if scene.image and is_pictured else ""
        image = _card(inputs, picture_key=key, project=project)
    out = BytesIO()
    image.save(out, format="JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def _film(project: Project) -> Film:
    """A film of nothing, to ask what a card in it depends on."""
    script: dict[str, Any] = {
        "language": project.language,
        "captions": project.captions,
        "caption_place": project.caption_place,
        "scenes": [],
        "brand": brands.of(project),
    }
    return Film.shown(project, script)


def _uploaded(scene: Scene, *, project: Project) -> Image.Image:
    assert scene.image is not None  # noqa: S101  # the caller looked; this is for the type checker
    size = _SIZES[Aspect(project.aspect)]
    with storage.open_file(still_key(scene.image)) as file, Image.open(file) as image:
        # Decodes at a fraction of the size; the file is our own clean JPEG, never the user's bytes.
        image.draft("RGB", size)
        return ImageOps.fit(image.convert("RGB"), size)


def _card(inputs: dict[str, Any], *, picture_key: str, project: Project) -> Image.Image:
    # OpenCV costs 45 MB and 0.3 s to import: only processes that draw pay for it.
    from rendering.material import card_spec
    from rendering.media.cards import draw_card

    width, height = _SIZES[Aspect(project.aspect)]
    with ExitStack() as stack:
        path = str(stack.enter_context(storage.local_path(picture_key))) if picture_key else ""
        spec = card_spec(inputs | {"width": width, "height": height}, out_path="", picture_path=path)
        return draw_card(spec)
