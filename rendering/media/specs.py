"""What a media operation is told. Each spec is plain data, so it travels to a child process as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Self

SAMPLE_RATE = 48_000  # Hz; 24, 25, 30 and 60 fps all divide it, so a frame is a whole number of samples.


class Spec:
    """Base of all specs: JSON-ready dictionary out, the same spec back in."""

    operation: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """The spec as JSON types."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]  # every subclass is a dataclass

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Build from `to_dict()`; unknown keys are ignored so that old and new workers can meet."""
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]  # every subclass is a dataclass
        return cls(**{key: value for key, value in data.items() if key in known})


@dataclass(frozen=True, kw_only=True)
class CardSpec(Spec):
    """Draw what a scene shows in one of the looks (see cards.LOOKS). Writes a PNG.

    `heading` stands above the words of `text`, or in their place. `picture_path` is for the looks that show a
    picture; without one they draw. Colours are "#rrggbb", all three or none; `font` is one of fonts.FAMILIES.
    Words leave room for captions at the foot, or at the `caption_place` top.
    Result: {"width", "height"} in pixels.
    """

    operation: ClassVar[str] = "card"
    out_path: str
    text: str
    number: int
    width: int
    height: int
    seed: str
    look: str = "title"
    heading: str = ""
    language: str = "en"
    picture_path: str = ""
    paper: str = ""
    ink: str = ""
    accent: str = ""
    font: str = ""
    caption_place: str = "bottom"


@dataclass(frozen=True, kw_only=True)
class PictureSpec(Spec):
    """Decode a user's picture safely, turn it upright, strip metadata, write a clean JPEG.

    Result: {"width", "height"} in pixels. Refuses anything but PNG, JPEG and WebP, and over `max_pixels`.
    """

    operation: ClassVar[str] = "picture"
    in_path: str
    out_path: str
    max_pixels: int = 40_000_000


@dataclass(frozen=True, kw_only=True)
class LogoSpec(Spec):
    """Decode a logo safely, strip metadata, keep its transparency, write a PNG of at most 1024 pixels a side.

    Result: {"width", "height"} in pixels. Refuses what PictureSpec refuses.
    """

    operation: ClassVar[str] = "logo"
    in_path: str
    out_path: str
    max_pixels: int = 40_000_000


@dataclass(frozen=True, kw_only=True)
class NarrationSpec(Spec):
    """Speak a text offline, with the piper model at `model_path` if there is one. Mono FLAC at SAMPLE_RATE.

    Result: {"duration_ms", "words": [{"text", "start_ms", "end_ms"}], "engine"}.
    """

    operation: ClassVar[str] = "narration"
    out_path: str
    text: str
    language: str
    voice: str = ""
    speed: float = 1.0
    model_path: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordingSpec(Spec):
    """Decode sound that came from outside and write it as mono FLAC at SAMPLE_RATE.

    `words` are the times its maker gave; without them the words of `text` are shared out over what is heard.
    Result: {"duration_ms", "words": [{"text", "start_ms", "end_ms"}]}.
    """

    operation: ClassVar[str] = "recording"
    in_path: str
    out_path: str
    text: str = ""
    words: list[dict[str, Any]] = field(default_factory=list)
    most_seconds: float = 1800.0


@dataclass(frozen=True, kw_only=True)
class ProbeSpec(Spec):
    """Say what a sound or video file is, decoding one picture at most.

    Result: {"kind": "audio"} or {"kind": "video", "width", "height", "seconds"}; upright pixels.
    """

    operation: ClassVar[str] = "probe"
    in_path: str


@dataclass(frozen=True, kw_only=True)
class ClipSpec(Spec):
    """Make frames [first_frame, + frame_count) of a video anew: upright, 30 a second, without sound.

    Result: {"frames"}, fewer at the end of the video. Raises MediaError("clip-over") beyond it.
    """

    operation: ClassVar[str] = "clip"
    in_path: str
    out_path: str
    width: int
    height: int
    first_frame: int
    frame_count: int


@dataclass(frozen=True, kw_only=True)
class JoinSpec(Spec):
    """Join the parts of a clip by stream copy, and write its first picture as a JPEG. Result: {"frames"}."""

    operation: ClassVar[str] = "clip-join"
    out_path: str
    poster_path: str
    slice_paths: list[str]
    slice_frames: list[int]
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Caption:
    """One caption on screen: frames [start_frame, end_frame) counted from the scene's first frame.

    `words` are {"text", "start_frame"}: each is lit from its frame until that of the next.
    """

    text: str
    start_frame: int
    end_frame: int
    words: list[dict[str, Any]] = field(default_factory=list)

    def lit_at(self, frame: int) -> int:
        """The index of the word that is lit at a frame, -1 for none."""
        return len([word for word in self.words if word["start_frame"] <= frame]) - 1


@dataclass(frozen=True, kw_only=True)
class SegmentSpec(Spec):
    """Render frames [first_frame, first_frame + frame_count) of one scene as a video-only MP4.

    A segment is a pure function of this spec and the bytes of its stills. `motion` is one of none, zoom-in,
    zoom-out, pan-left, pan-right, pan-up, pan-down. `transition` is how the scene leaves: cut, or
    fade, dissolve, slide, wipe over the last `transition_frames` frames; the last three end on the opening
    frame of `next_still_path`, which moves by `next_motion`. `fade_in_frames` opens from black. With a
    `clip_path` its `clip_frames` pictures are shown instead of the still, again and again if they are few,
    under the words of a CardSpec's inputs in `words`; `next_words` are those of a clip that follows.
    `caption_accent` ("#rrggbb") lights the spoken word; captions stand at the `caption_place` bottom, middle
    or top; a logo stands in `logo_corner`, top-left or -right.
    Result: {"frames", "bytes"}.
    """

    operation: ClassVar[str] = "segment"
    out_path: str
    still_path: str
    width: int
    height: int
    fps: int
    scene_frames: int
    first_frame: int
    frame_count: int
    motion: str = "zoom-in"
    captions: list[dict[str, Any]] = field(default_factory=list)
    caption_language: str = "en"
    caption_accent: str = ""
    caption_place: str = "bottom"
    logo_path: str = ""
    logo_corner: str = "top-right"
    transition: str = "cut"
    transition_frames: int = 0
    next_still_path: str = ""
    next_motion: str = "zoom-in"
    clip_path: str = ""
    clip_frames: int = 0
    words: dict[str, Any] = field(default_factory=dict)
    next_words: dict[str, Any] = field(default_factory=dict)
    fade_in_frames: int = 0
    quality: str = "final"


@dataclass(frozen=True, kw_only=True)
class FrameSpec(Spec):
    """Write one frame of a segment as PNG, before it is encoded: `segment` is a SegmentSpec as a dictionary.

    `frame` counts from the segment's first. Result: {"bytes"}.
    """

    operation: ClassVar[str] = "frame"
    out_path: str
    segment: dict[str, Any]
    frame: int


@dataclass(frozen=True, kw_only=True)
class SoundSpec(Spec):
    """Lay narrations at exact offsets, level to -16 LUFS, encode once to AAC in an MP4 (.m4a).

    `sounds` are {"path", "start_frame"}; `frames` is the length of the film. `music` names a loop that is
    laid below and turned down while somebody speaks; empty is none. A file at `music_path` is played instead.
    `music_level` is quiet, normal or loud. The level of a draft is near -16 LUFS and not judged.
    Result: {"duration_ms", "loudness_lufs", "true_peak_dbtp"}; the last two are null for silence and drafts.
    """

    operation: ClassVar[str] = "sound"
    out_path: str
    sounds: list[dict[str, Any]]
    frames: int
    fps: int
    music: str = ""
    music_path: str = ""
    music_level: str = "normal"
    quality: str = "final"


@dataclass(frozen=True, kw_only=True)
class StitchSpec(Spec):
    """Join segments and the sound by stream copy, and verify that every frame is there.

    `segment_paths` in order, with the length of each in `segment_frames` and, where it is known, the CRC-32
    of the file in `segment_checksums`; `captions` {"text", "start_ms", "end_ms"} of the whole film. Writes
    the MP4 (+faststart), a JPEG poster (the key frame at or before `poster_frame`), SRT and VTT.
    `soft_captions` is the language (BCP 47) of a caption track inside the MP4, for players to switch on;
    empty is none.
    Result: {"duration_ms", "frames", "bytes"}.
    """

    operation: ClassVar[str] = "stitch"
    out_path: str
    poster_path: str
    srt_path: str
    vtt_path: str
    segment_paths: list[str]
    segment_frames: list[int]
    sound_path: str
    captions: list[dict[str, Any]]
    width: int
    height: int
    fps: int
    # None for all of them in steps that an older version placed.
    segment_checksums: list[int | None] = field(default_factory=list)
    poster_frame: int = 0
    soft_captions: str = ""
    title: str = ""
