"""The fonts the set-up brings, and which of them draws a given character.

First the family that was chosen, for the letters it has; then the Noto wheels, so text looks the same on
every machine; then what the system has: Noto Color Emoji (without it emoji are drawn in one colour by Noto
Emoji) and the remaining Noto and DejaVu families.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

from PIL import ImageFont, features

from rendering.media.clusters import clusters, is_emoji, is_ignorable
from rendering.media.coverage import coverage, read_table
from rendering.media.writing import script_of

SYSTEM_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
COLOUR_STRIKE = 109  # px; the only size Noto Color Emoji's bitmaps come in
# Faces inside the Noto Sans CJK collection: same characters, the shapes each country writes.
CJK_FACES = {"ja": 0, "ko": 1, "zh": 2, "zh-hant": 3, "zh-tw": 3, "zh-hk": 4}
# Families to choose from, each a wheel with the files for its weights; Noto Sans is there without choosing.
FAMILIES = {
    "source-serif": (
        "font_source_serif_pro",
        {
            400: "SourceSerifPro-Regular.ttf",
            600: "SourceSerifPro-Semibold.ttf",
            700: "SourceSerifPro-Bold.ttf",
        },
    ),
    "manrope": (
        "font_manrope",
        {500: "Manrope-Medium.ttf", 600: "Manrope-Bold.ttf", 700: "Manrope-ExtraBold.ttf"},
    ),
    "fredoka": ("font_fredoka_one", {400: "FredokaOne-Regular.ttf"}),
}
TALL_SCRIPTS = frozenset({"Arabic", "Devanagari", "Thai", "Khmer", "Lao", "Myanmar", "Bengali", "Tamil"})


@dataclass(frozen=True)
class Face:
    """One face of one font file."""

    path: Path
    index: int = 0
    is_colour: bool = False
    weights: tuple[tuple[int, Path], ...] = ()

    def covers(self, cluster: str) -> bool:
        """Whether every character of the cluster that needs a glyph has one here."""
        known = coverage(self.path, self.index)
        return all(char in known or is_ignorable(char) for char in cluster)

    @property
    def is_emoji(self) -> bool:
        """Whether this is one of the two emoji faces."""
        return "Emoji" in self.path.name

    @property
    def is_tall(self) -> bool:
        """Whether its marks stack above and below, so its lines need more room."""
        return any(name in self.path.name for name in TALL_SCRIPTS)

    def at(self, *, size: int, weight: int) -> ImageFont.FreeTypeFont:
        """The face ready to draw at `size` pixels and `weight` 400 to 700, if it has that axis."""
        if self.weights:
            _, path = min(self.weights, key=lambda pair: abs(pair[0] - weight))
            return _loaded(Face(path), size, weight)
        return _loaded(self, COLOUR_STRIKE if self.is_colour else size, weight)


@lru_cache(maxsize=4096)
def face_for(cluster: str, *, language: str = "en", family: str = "") -> Face | None:
    """The first face that can draw the whole cluster, or None. An unknown `family` is Noto Sans."""
    order = (*_family(family), *_faces(_cjk_language(cluster, language)))
    if is_emoji(cluster):
        order = tuple(sorted(order, key=lambda face: (not face.is_emoji, not face.is_colour)))
    for face in order:
        if face.covers(cluster):
            return face
    return None


def family_for(text: str, *, family: str) -> str:
    """The family, unless it lacks letters of a script it can write: no word is set in two fonts."""
    faces = _family(family)
    letters = {cluster for cluster in clusters(unicodedata.normalize("NFC", text)) if cluster[0].isalpha()}
    scripts = {script_of(cluster[0]) for cluster in letters if faces and faces[0].covers(cluster)}
    lost = {script_of(cluster[0]) for cluster in letters if faces and not faces[0].covers(cluster)}
    return family if faces and not scripts & lost else ""


def missing_glyphs(text: str) -> set[str]:
    """The characters of `text` that no font here can draw; they would show as boxes."""
    drawn = (cluster for cluster in clusters(unicodedata.normalize("NFC", text)) if not cluster.isspace())
    lost = (cluster for cluster in drawn if face_for(cluster) is None)
    return {char for char in chain.from_iterable(lost) if face_for(char) is None and not is_ignorable(char)}


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """Short hash of every font and the shaping libraries; part of the key of anything with text in it."""
    digest = hashlib.sha256()
    for name in ("freetype2", "raqm", "harfbuzz", "fribidi"):
        digest.update(f"{name}={features.version(name)};".encode())
    chosen = (Face(path) for family in FAMILIES for face in _family(family) for _, path in face.weights)
    for face in (*_faces("en"), *chosen):
        checksum = read_table(face.path, tag=b"head", index=face.index)[8:12].hex()
        digest.update(f"{face.path.name}:{face.index}={checksum};".encode())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=256)
def _loaded(face: Face, size: int, weight: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(face.path), size, index=face.index, layout_engine=ImageFont.Layout.RAQM)
    if "wght" in face.path.name or "-VF" in face.path.name:
        font.set_variation_by_axes([weight])
    return font


def _cjk_language(cluster: str, language: str) -> str:
    """Kana and Hangul say which country's shapes to use, whatever the scene's language."""
    if any("\u3040" <= char <= "\u30ff" for char in cluster):
        return "ja"
    if any("\uac00" <= char <= "\ud7a3" or "\u1100" <= char <= "\u11ff" for char in cluster):
        return "ko"
    language = language.lower()
    return language if language in CJK_FACES else language.split("-")[0]


@lru_cache(maxsize=16)
def _faces(language: str) -> tuple[Face, ...]:
    """Every face in the order it is asked: letters, ideographs, symbols, emoji, then the system's."""
    noto = _wheel_files("manimgx_fonts")
    letters = [path for path in noto if "Emoji" not in path.name and "Symbols" not in path.name]
    letters.sort(key=lambda path: (not path.name.startswith("NotoSans["), "Italic" in path.name, path.name))
    cjk = [Face(path, CJK_FACES.get(language, 2)) for path in _wheel_files("manimgx_fonts_cjk")]
    symbols = [path for path in noto if "Symbols" in path.name]
    emoji = [path for path in noto if "Emoji" in path.name]
    system = _system_files()
    colour = [Face(path, is_colour=True) for path in system if path.name == "NotoColorEmoji.ttf"][:1]
    others = [path for path in system if path.name != "NotoColorEmoji.ttf"]
    return (
        *map(Face, letters), *cjk, *map(Face, symbols), *colour, *map(Face, emoji), *map(Face, others)
    )  # fmt: skip


@lru_cache(maxsize=16)
def _family(name: str) -> tuple[Face, ...]:
    """The face of a chosen family with the files of its weights; none when its wheel is not installed."""
    package, names = FAMILIES.get(name, ("", {}))
    found = find_spec(package) if package else None
    if found is None or found.origin is None:
        return ()
    folder = Path(found.origin).parent / "files"
    weights = tuple((weight, folder / name) for weight, name in names.items())
    return (Face(weights[0][1], weights=weights),)


def _wheel_files(package: str) -> list[Path]:
    found = find_spec(package)
    if found is None or found.origin is None:
        return []
    return sorted(path for path in Path(found.origin).parent.iterdir() if path.suffix in {".ttf", ".ttc"})


def _system_files() -> list[Path]:
    found = chain.from_iterable(folder.rglob("*.tt[fc]") for folder in SYSTEM_FOLDERS if folder.is_dir())
    wanted = (path for path in found if path.name.startswith(("NotoColorEmoji", "NotoSans", "DejaVuSans.")))
    return sorted(wanted, key=lambda path: path.name)
