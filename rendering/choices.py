"""What can be chosen for a project, a scene and a render."""

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
