"""Users' pictures are cleaned, and refused with a sentence when they cannot be."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from rendering.media.errors import MediaError
from rendering.media.pictures import run
from rendering.media.specs import PictureSpec


def clean(path: Path) -> Image.Image:
    out = path.with_name("clean.jpg")
    result = run(PictureSpec(in_path=str(path), out_path=str(out)), progress=lambda _: None)
    with Image.open(out) as image:
        image.load()
    assert (result["width"], result["height"]) == image.size
    return image


def refusal(path: Path) -> MediaError:
    with pytest.raises(MediaError) as caught:
        clean(path)
    assert list(path.parent.iterdir()) == [path]
    return caught.value


def picture(size: tuple[int, int] = (64, 32)) -> Image.Image:
    noise = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(noise)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_claiming(width: int, height: int) -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(bytes(1000)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_known_formats_become_a_jpeg_whatever_their_name(tmp_path: Path, kind: str) -> None:
    picture().save(tmp_path / "upload.bin", format=kind)
    image = clean(tmp_path / "upload.bin")
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (64, 32))


def test_a_text_file_named_png_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("not a picture")
    assert refusal(path).code == "unsupported-image"


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_other_formats_are_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "upload.png"
    picture().save(path, format=kind)
    assert refusal(path).code == "unsupported-image"


@pytest.mark.parametrize("side", [7_000, 20_000])
def test_a_bomb_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_claiming(side, side))
    error = refusal(path)
    assert error.code == "image-too-large"
    assert error.detail == "This picture is larger than 40 megapixels."


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_truncated_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "half"
    picture((200, 200)).save(path, format=kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    error = refusal(path)
    assert error.code == "image-broken"
    assert error.detail == "This picture is damaged or incomplete."
    assert not error.retryable


def test_a_tiny_picture_is_refused(tmp_path: Path) -> None:
    picture((40, 8)).save(tmp_path / "line.png")
    assert refusal(tmp_path / "line.png").code == "image-too-small"


def test_a_turned_picture_is_set_upright_and_its_metadata_dropped(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Secret camera"
    picture().save(tmp_path / "turned.jpg", exif=exif, comment=b"where I live")
    image = clean(tmp_path / "turned.jpg")
    assert image.size == (32, 64)
    assert not image.getexif()
    assert not {"comment", "exif", "icc_profile"} & set(image.info)
    assert b"Secret" not in (tmp_path / "clean.jpg").read_bytes()


def test_transparent_parts_become_white(tmp_path: Path) -> None:
    Image.new("RGBA", (32, 32), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert clean(tmp_path / "clear.png").getpixel((5, 5)) == (255, 255, 255)


def test_sixteen_bit_grey_keeps_its_brightness(tmp_path: Path) -> None:
    Image.fromarray(np.full((32, 32), 257 * 100, np.uint16)).save(tmp_path / "grey.png")
    assert clean(tmp_path / "grey.png").getpixel((5, 5)) == pytest.approx((100, 100, 100), abs=1)


def test_cmyk_and_palettes_become_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (32, 32), (0, 255, 255, 0)).save(tmp_path / "print.jpg")
    red, green, blue = clean(tmp_path / "print.jpg").getpixel((5, 5))  # type: ignore[misc]  # an RGB pixel
    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.parametrize("profile", [b"not a profile", None])
def test_a_profile_sound_or_not_leaves_srgb(tmp_path: Path, profile: bytes | None) -> None:
    sound = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (32, 32), (10, 120, 230)).save(tmp_path / "p.png", icc_profile=profile or sound)
    assert clean(tmp_path / "p.png").getpixel((5, 5)) == pytest.approx((10, 120, 230), abs=2)
