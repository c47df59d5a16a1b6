"""What can be chosen for a project, a scene and a render."""

from typing import Any
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _


class Aspect(models.TextChoices):
    """Shape of the picture."""

    WIDE = "16:9", _("16:9")
    TALL = "9:16", _("9:16")
    SQUARE = "1:1", _("1:1")


class Resolution(models.TextChoices):
    """How many pixels; 4k needs the feature of the same name."""

    HD = "720p", _("720p")
    FULL_HD = "1080p", _("1080p")
    UHD = "4k", _("4K")


class Quality(models.TextChoices):
    """Final, or a quick small draft to look at: a third of the size, fewer frames, no render minutes."""

    FINAL = "final", _("final")
    DRAFT = "draft", _("draft")


class WhenUnavailable(models.TextChoices):
    """What becomes of a render when whoever makes its pictures or voices fails: a stand-in, or wait a day."""

    STAND_IN = "stand-in", _("stand-in")
    WAIT = "wait", _("wait")


class ScriptFormat(models.TextChoices):
    """How a script is written: words and Markdown, one scene a row, or subtitles."""

    TEXT = "text", _("text or Markdown")
    CSV = "csv", _("CSV")
    SRT = "srt", _("SRT")


class Music(models.TextChoices):
    """A loop below the voice."""

    NONE = "none", _("none")
    CALM = "calm", _("calm")
    BRIGHT = "bright", _("bright")
    PULSE = "pulse", _("pulse")


class MusicLevel(models.TextChoices):
    """How loud music is beside the voice: half as loud, as it is, or twice as loud."""

    QUIET = "quiet", _("quiet")
    NORMAL = "normal", _("normal")
    LOUD = "loud", _("loud")


class Look(models.TextChoices):
    """How a scene is laid out; auto follows from its words and its picture."""

    AUTO = "auto", _("auto")
    TITLE = "title", _("title")
    QUOTE = "quote", _("quote")
    LIST = "list", _("list")
    PHOTO = "photo", _("photo")
    SPLIT = "split", _("split")
    CHART = "chart", _("chart")


class Captions(models.TextChoices):
    """Where the words of the voice are shown. Files with them lie beside every video, whatever is chosen."""

    WORDS = "words", _("burned in, word by word")
    BURNED = "burned", _("burned in")
    SOFT = "soft", _("a track to switch on")
    OFF = "off", _("none")


class CaptionPlace(models.TextChoices):
    """Where burned captions stand. In the middle only over pictures: cards have their words there."""

    BOTTOM = "bottom", _("bottom")
    MIDDLE = "middle", _("middle")
    TOP = "top", _("top")


class Font(models.TextChoices):
    """Letters of a brand; scripts that a family has no letters for are set in Noto Sans."""

    STANDARD = "", _("as each look has it")
    NOTO_SANS = "noto-sans", _("Noto Sans")
    MANROPE = "manrope", _("Manrope")
    SOURCE_SERIF = "source-serif", _("Source Serif")
    FREDOKA = "fredoka", _("Fredoka")


class Corner(models.TextChoices):
    """Where a brand's logo stands in every frame."""

    NONE = "none", _("nowhere")
    TOP_LEFT = "top-left", _("top left")
    TOP_RIGHT = "top-right", _("top right")


class Transition(models.TextChoices):
    """How a scene leaves."""

    CUT = "cut", _("cut")
    DISSOLVE = "dissolve", _("dissolve")
    FADE = "fade", _("fade")
    SLIDE = "slide", _("slide")
    WIPE = "wipe", _("wipe")


class Motion(models.TextChoices):
    """How the still moves; auto alternates by position."""

    AUTO = "auto", _("auto")
    NONE = "none", _("none")
    ZOOM_IN = "zoom-in", _("zoom in")
    ZOOM_OUT = "zoom-out", _("zoom out")
    PAN_LEFT = "pan-left", _("pan left")
    PAN_RIGHT = "pan-right", _("pan right")
    PAN_UP = "pan-up", _("pan up")
    PAN_DOWN = "pan-down", _("pan down")


class JobState(models.TextChoices):
    """Life of a render job; the last three are final."""

    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class StepKind(models.TextChoices):
    """The stages of a job; each is also the name of its queue."""

    IMAGE = "image", _("image")
    NARRATION = "narration", _("narration")
    SEGMENT = "segment", _("segment")
    SOUND = "sound", _("sound")
    STITCH = "stitch", _("stitch")


class StepState(models.TextChoices):
    """Life of a step. Only `ready` steps can be claimed."""

    READY = "ready", _("ready")
    RUNNING = "running", _("running")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


def music_choice(name: str) -> dict[str, Any]:
    """A loop's name or the id of a sound file, as the two columns that keep them."""
    if name in Music.values:
        return {"music": name, "music_asset_id": None}
    return {"music": Music.NONE.value, "music_asset_id": UUID(name)}
