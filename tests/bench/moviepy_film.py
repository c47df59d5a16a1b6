"""Two scenes of the film as a moviepy program; run by moviepy_reference in an environment of its own.

The job is a JSON file: {"width", "height", "fps", "seconds", "reach", "easing", "font", "out_path", "scenes":
[{"still", "voice", "voice_starts_at", "motion", "captions": [{"text", "start", "end"}]}]}.
Prints {"seconds"}.
"""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any

from moviepy import (  # type: ignore[import-not-found]  # installed on first use, not with our packages
    AudioFileClip,
    CompositeVideoClip,
    ImageClip,
    TextClip,
    concatenate_videoclips,
)

CAPTION_HEIGHT = 0.048  # as ours: share of the frame


def main() -> None:
    """Make the film and say how long it took; importing moviepy is not counted."""
    job = json.loads(Path(sys.argv[1]).read_text())
    started_at = time.monotonic()
    scenes = [scene_clip(scene, job) for scene in job["scenes"]]
    concatenate_videoclips(scenes).write_videofile(
        job["out_path"], fps=job["fps"], codec="libx264", preset="veryfast", ffmpeg_params=["-crf", "21"],
        audio_codec="aac", threads=2, logger=None,
    )  # fmt: skip
    print(json.dumps({"seconds": time.monotonic() - started_at}))


def scene_clip(scene: dict[str, Any], job: dict[str, Any]) -> Any:
    """One scene: the moving still, its captions and its voice."""
    layers = [moving_still(scene, job), *(caption_clip(caption, job) for caption in scene["captions"])]
    film = CompositeVideoClip(layers, size=(job["width"], job["height"])).with_duration(job["seconds"])
    voice = AudioFileClip(scene["voice"]).with_start(scene["voice_starts_at"])
    return film.with_audio(_alone(voice, job["seconds"]))


def moving_still(scene: dict[str, Any], job: dict[str, Any]) -> Any:
    """The still under the camera of the engine: the same zoom, or the same pan."""
    still = ImageClip(scene["still"], duration=job["seconds"])
    fitting = job["width"] / still.w
    width, reach, easing = job["width"], job["reach"], job["easing"]

    def eased(at: float) -> float:
        even = min(1.0, at / job["seconds"])
        return float(even + easing * ((1 - math.cos(math.pi * even)) / 2 - even))

    if scene["motion"].startswith("zoom"):
        is_inward = scene["motion"] == "zoom-in"

        def scale(at: float) -> float:
            progress = eased(at) if is_inward else 1 - eased(at)
            return float(fitting * reach**progress)

        return still.resized(scale).with_position("center")

    slack = width * (reach - 1)

    def place(at: float) -> tuple[float, str]:
        progress = eased(at) if scene["motion"] == "pan-right" else 1 - eased(at)
        return -slack * progress, "center"

    return still.resized(fitting * reach).with_position(place)


def caption_clip(caption: dict[str, Any], job: dict[str, Any]) -> Any:
    """White text on a dark plate near the lower edge."""
    size = round(CAPTION_HEIGHT * job["height"])
    text = TextClip(
        font=job["font"], text=caption["text"], font_size=size, color="white", bg_color="black",
        margin=(size // 2, size // 4), method="label", text_align="center",
    )  # fmt: skip
    shown = text.with_start(caption["start"]).with_duration(caption["end"] - caption["start"])
    return shown.with_position(("center", 0.86), relative=True)


def _alone(voice: Any, seconds: float) -> Any:
    from moviepy import CompositeAudioClip

    return CompositeAudioClip([voice]).with_duration(seconds)


if __name__ == "__main__":
    main()
