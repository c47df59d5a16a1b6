"""Users' pictures: decide what they are by their first bytes, decode them warily, keep only the pixels."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageOps

from rendering.media.errors import MediaError
from rendering.media.outputs import whole_file
from rendering.media.specs import LogoSpec, PictureSpec

SMALLEST_SIDE = 16
QUALITY = 92
LOGO_SIDE = 1024
PAPER = (255, 255, 255)
BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)


def run(spec: PictureSpec, *, progress: Callable[[int], None]) -> dict[str, Any]:
    """Write the picture as a clean sRGB JPEG, upright and without metadata.

    Transparent parts become white; of an animation the first frame is kept. Raises MediaError:
    unsupported-image, image-too-large, image-too-small, image-broken, no-space.
    """
    image = _pixels(Path(spec.in_path), max_pixels=spec.max_pixels)
    with whole_file(spec.out_path) as path:
        image.save(path, format="JPEG", quality=QUALITY, subsampling=0)
    progress(1)
    return {"width": image.width, "height": image.height}


def run_logo(spec: LogoSpec, *, progress: Callable[[int], None]) -> dict[str, Any]:
    """Write the logo as a clean PNG with transparency. Raises as `run`."""
    image = _pixels(Path(spec.in_path), max_pixels=spec.max_pixels, clean=_clean_logo)
    with whole_file(spec.out_path) as path:
        image.save(path, format="PNG", optimize=True)
    progress(1)
    return {"width": image.width, "height": image.height}


def picture_format(head: bytes) -> str | None:
    """PNG, JPEG or WEBP by magic bytes (W3C PNG 5.2; JPEG T.81 B.1.1.3; RFC 9649), else None."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    return "WEBP" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


def _pixels(
    path: Path, *, max_pixels: int, clean: Callable[[Image.Image], Image.Image] | None = None
) -> Image.Image:
    with path.open("rb") as file:
        kind = picture_format(file.read(12))
    if kind is None:
        raise MediaError("unsupported-image", "This file is not a PNG, JPEG or WebP picture.")
    with _refusals(max_pixels), Image.open(path, formats=[kind]) as image:
        _check_size(image.width, image.height, max_pixels=max_pixels)
        image.load()
        return (clean or _clean)(image)


@contextmanager
def _refusals(max_pixels: int) -> Iterator[None]:
    """Decoders fail in many ways; people get two sentences."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise _too_large(max_pixels) from error
    except BROKEN as error:
        raise MediaError("image-broken", "This picture is damaged or incomplete.") from error


def _check_size(width: int, height: int, *, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise _too_large(max_pixels)
    if min(width, height) < SMALLEST_SIDE:
        detail = f"This picture is {width} x {height} pixels; each side needs at least {SMALLEST_SIDE}."
        raise MediaError("image-too-small", detail)


def _too_large(max_pixels: int) -> MediaError:
    limit = f"{max_pixels / 1_000_000:g}"
    return MediaError("image-too-large", f"This picture is larger than {limit} megapixels.")


def _clean(image: Image.Image) -> Image.Image:
    """Upright sRGB pixels in a new image, which carries none of the old one's metadata."""
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    colours = _opaque(_eight_bit(upright))
    rgb = _to_srgb(colours, profile)
    bare = Image.new("RGB", rgb.size)
    bare.paste(rgb)
    return bare


def _clean_logo(image: Image.Image) -> Image.Image:
    """Upright, as small as it is ever shown, cut to what is not transparent, without metadata."""
    layered = _eight_bit(ImageOps.exif_transpose(image)).convert("RGBA")
    layered = layered.crop(layered.getchannel("A").getbbox())
    layered.thumbnail((LOGO_SIDE, LOGO_SIDE), Image.Resampling.LANCZOS)
    bare = Image.new("RGBA", layered.size)
    bare.paste(layered)
    return bare


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit greyscale would be clipped by `convert`; scale it instead."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    return image


def _opaque(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB") if image.mode in {"P", "1", "F"} else image
    layered = image.convert("RGBA")
    ground = Image.new("RGBA", layered.size, (*PAPER, 255))
    return Image.alpha_composite(ground, layered).convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Follow the picture's own colour profile if it is sound, else take the numbers as sRGB."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            changed = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
            return changed or image.convert("RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            return image.convert("RGB")
    return image.convert("RGB")
