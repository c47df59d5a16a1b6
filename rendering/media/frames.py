"""The frames of a scene: a still under a moving camera, captions, and how the scene enters and leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from PIL import Image

from rendering.media.captions import caption_overlay
from rendering.media.cards import draw_words
from rendering.media.clips import ClipFrames
from rendering.media.colour import BLACK, rgb_to_planes
from rendering.media.errors import MediaError
from rendering.media.logo import logo_overlay
from rendering.media.motion import REACH, View, is_quick_pan, view_at
from rendering.media.overlay import Overlay
from rendering.media.planes import Plane, Planes
from rendering.media.specs import Caption, CardSpec, SegmentSpec
from rendering.media.transitions import BLENDS, blend
from rendering.media.warp import CHROMA_TOLERANCE, LUMA_TOLERANCE, PlanePan, PlaneWarp

# Source pixels per output pixel at rest. Less is soft at full zoom, more costs time and aliases.
OVERSAMPLING = 1.37
LEAST, MOST = 1.3, 1.4
# The places of a pan take 65 MB at this size.
MOST_PAN_PIXELS = 1920 * 1080


class Still:
    """A picture cropped to the frame's shape, kept as planes slightly larger than the frame.

    `motion` is how the camera will move over it in `scene_frames`; "none" draws any view.
    """

    def __init__(
        self, path: str, *, width: int, height: int, motion: str = "none", scene_frames: int = 1
    ) -> None:
        planes = rgb_to_planes(_read_cropped(path, width=width, height=height))
        self._size = (width, height)
        self._still_size = planes.y.shape[1], planes.y.shape[0]
        is_quick = is_quick_pan(motion, scene_frames=scene_frames, width=width, height=height)
        is_pan = is_quick and width * height <= MOST_PAN_PIXELS
        make = partial(PlanePan, scale=self._scale(REACH)) if is_pan else PlaneWarp
        self._luma: PlanePan | PlaneWarp = make(
            planes.y, width=width, height=height, tolerance=LUMA_TOLERANCE
        )
        self._chroma: PlanePan | PlaneWarp = make(
            planes.uv, width=width // 2, height=height // 2, tolerance=CHROMA_TOLERANCE
        )

    def draw(self, view: View) -> Planes:
        """What the camera sees, good until the next call; what is changed in it must be put back by then."""
        scale = self._scale(view.zoom)
        x, y = (
            share * still - 0.5 - scale * (size - 1) / 2
            for share, still, size in zip((view.x, view.y), self._still_size, self._size, strict=True)
        )
        # MPEG-2 siting: chroma samples stand on even luma columns and between luma rows.
        across, down = (x - 0.5) / 2, (y + scale / 2 - 0.5) / 2
        return Planes(
            self._luma.draw(scale=scale, x=x, y=y), self._chroma.draw(scale=scale, x=across, y=down)
        )

    def _scale(self, zoom: float) -> float:
        return float(self._still_size[0] / self._size[0] / zoom)


@dataclass
class SceneFrames:
    """Draws any frame of the scene a spec describes."""

    spec: SegmentSpec

    def __post_init__(self) -> None:
        spec = self.spec
        last = spec.first_frame + spec.frame_count - 1
        is_blending = spec.transition in BLENDS and self._leaving(last) > 0
        # Before the encoder takes its memory, and before this scene's own still.
        self._next = self._opening_of_next() if is_blending else None
        self._still = None if spec.clip_path else self._own_still()
        self._clip = ClipFrames(spec.clip_path, frames=spec.clip_frames, fps=spec.fps)
        self._words = self._words_overlay(spec.words)
        self._captions = [Caption(**caption) for caption in spec.captions]
        self._logo = self._logo_overlay()
        self._at_rest: Planes | None = None
        self._covered: list[tuple[Plane, Plane]] = []

    def _own_still(self) -> Still:
        spec = self.spec
        return Still(
            spec.still_path,
            width=spec.width,
            height=spec.height,
            motion=spec.motion,
            scene_frames=spec.scene_frames,
        )

    def draw(self, frame: int) -> Planes:
        """Frame number `frame` of the scene, good until the next call.

        Other frames may be parts of the same memory, so nothing is copied for a frame that shows all of its
        picture: what lies over it for a moment is taken off again.
        """
        self._uncover()
        out = self._picture(frame)
        share, light = self._leaving(frame), self._light(frame)
        is_mixed = self._next is not None and share > 0
        if is_mixed or light < 1:
            out = out.copy()
        if self._next is not None and is_mixed:
            blend(self.spec.transition, out, self._next, share=share)
        for overlay in self._overlays(frame):
            self._cover(out, overlay)
        if light < 1:
            _dim(out, light)
        return out

    def _picture(self, frame: int) -> Planes:
        spec = self.spec
        if self._still is None:
            return self._clip_picture(frame)
        if spec.motion != "none":
            return self._still.draw(view_at(spec.motion, frame=frame, scene_frames=spec.scene_frames))
        if self._at_rest is None:
            self._at_rest = self._still.draw(view_at("none", frame=0, scene_frames=1))
        return self._at_rest

    def _clip_picture(self, frame: int) -> Planes:
        out = Planes.empty(self.spec.width, self.spec.height)
        self._clip.draw(frame, out)
        if self._words is not None:
            self._words.blend(out)
        return out

    def _cover(self, out: Planes, overlay: Overlay) -> None:
        self._covered += [(box, box.copy()) for box in overlay.boxes(out)]
        overlay.blend(out)

    def _uncover(self) -> None:
        for box, before in reversed(self._covered):
            np.copyto(box, before)
        self._covered.clear()

    def _opening_of_next(self) -> Planes:
        spec = self.spec
        still = Still(spec.next_still_path, width=spec.width, height=spec.height)
        opening = still.draw(view_at(spec.next_motion, frame=0, scene_frames=1))
        words = self._words_overlay(spec.next_words)
        if words is not None:
            words.blend(opening)
        return opening

    def _words_overlay(self, inputs: dict[str, Any]) -> Overlay | None:
        if not inputs:
            return None
        size = {"width": self.spec.width, "height": self.spec.height}
        card = CardSpec.from_dict({**inputs, **size, "out_path": "", "number": 0, "seed": ""})
        return Overlay.of(draw_words(card), x=0, y=0)

    def _overlays(self, frame: int) -> Iterator[Overlay]:
        spec = self.spec
        if self._logo is not None:
            yield self._logo
        for caption in self._captions:
            if caption.start_frame <= frame < caption.end_frame and caption.text.strip():
                yield caption_overlay(
                    caption.text, width=spec.width, height=spec.height, language=spec.caption_language,
                    words=tuple(word["text"] for word in caption.words), lit=caption.lit_at(frame),
                    accent=spec.caption_accent, place=spec.caption_place,
                )  # fmt: skip

    def _logo_overlay(self) -> Overlay | None:
        spec = self.spec
        if not spec.logo_path:
            return None
        return logo_overlay(spec.logo_path, corner=spec.logo_corner, width=spec.width, height=spec.height)

    def _light(self, frame: int) -> float:
        light = 1.0
        if frame < self.spec.fade_in_frames:
            light = (frame + 1) / (self.spec.fade_in_frames + 1)
        if self.spec.transition == "fade":
            light *= 1 - self._leaving(frame)
        return light

    def _leaving(self, frame: int) -> float:
        """0 before the transition, 1 at the scene's last frame."""
        first = self.spec.scene_frames - self.spec.transition_frames
        return max(0, frame - first + 1) / self.spec.transition_frames if self.spec.transition_frames else 0.0


def _dim(frame: Planes, light: float) -> None:
    codes = np.arange(256)
    for plane, black in zip(frame, BLACK[:2], strict=True):
        table = np.rint(black + (codes - black) * light).astype(np.uint8)
        cv2.LUT(plane, table, dst=plane)


def _read_cropped(path: str, *, width: int, height: int) -> Plane:
    """RGB pixels of the largest centred part with the frame's shape, at OVERSAMPLING times its size."""
    picture = _read(path, width=width, height=height)
    if picture is None:
        raise MediaError("image-broken", "The picture of this scene cannot be read.")
    full_height, full_width = picture.shape[:2]
    ratio = min(full_width / width, full_height / height)
    size = (round(width * ratio), round(height * ratio))
    left, top = (full_width - size[0]) // 2, (full_height - size[1]) // 2
    picture = picture[top : top + size[1], left : left + size[0]]
    is_exact = LEAST <= ratio <= MOST and size == (_even(width * ratio), _even(height * ratio))
    if not is_exact:
        method = cv2.INTER_AREA if ratio > OVERSAMPLING else cv2.INTER_CUBIC
        size = (_even(width * OVERSAMPLING), _even(height * OVERSAMPLING))
        picture = np.asarray(cv2.resize(picture, size, interpolation=method), np.uint8)
    return picture


def _read(path: str, *, width: int, height: int) -> Plane | None:
    """The picture in RGB; half its size where that is more than enough: a JPEG is read in half the time."""
    try:
        with Image.open(path) as header:
            is_large = min(header.width / width, header.height / height) > 2 * MOST
    except OSError:
        return None
    picture = cv2.imread(path, cv2.IMREAD_REDUCED_COLOR_2 if is_large else cv2.IMREAD_COLOR)
    return None if picture is None else np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))
