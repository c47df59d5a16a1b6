"""What the engine is measured against: the encoder alone, and one ffmpeg command that makes the same film."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import imageio_ffmpeg

from rendering.media import encoder
from rendering.media.motion import EASING, REACH
from rendering.media.specs import SegmentSpec
from tests.bench import film
from tests.bench.materials import Materials
from tests.bench.media_samples import write_raw_frames
from tests.bench.stopwatch import Effort, effort_of_children

CORES = 2
CAPTION_STYLE = "FontName=Noto Sans,FontSize=16,BorderStyle=3,Outline=4"
SAMPLE_RATE = 48_000
RAW_INPUT = [
    "-f",
    "rawvideo",
    "-pix_fmt",
    "nv12",
    "-s",
    f"{film.WIDTH}x{film.HEIGHT}",
    "-r",
    str(film.FPS),
]
FASTSTART = ["-movflags", "+faststart"]
THEIR_ENCODER = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "21"]


@dataclass(frozen=True, kw_only=True)
class RawSample:
    """Raw frames of some scenes in one file for each core; all of them together `frames`."""

    paths: list[Path]
    frames: int

    def remove(self) -> None:
        """Delete the files, which are large."""
        for path in self.paths:
            path.unlink()


def ffmpeg(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the ffmpeg of the imageio-ffmpeg wheel. Raises CalledProcessError with its messages."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-y", *arguments]
    return subprocess.run(command, check=True, capture_output=True)


def raw_sample(segments: Sequence[SegmentSpec], directory: Path) -> RawSample:
    """The raw frames of the first scenes, one of each motion, dealt out to the cores."""
    paths, frames = [], 0
    chosen = segments[: len(film.MOTIONS)]
    for core in range(CORES):
        path = directory / f"raw-{core}.yuv"
        # The first with the last, the second with the third: about the same work for both.
        frames += write_raw_frames([chosen[core], chosen[-1 - core]], path)
        paths.append(path)
    return RawSample(paths=paths, frames=frames)


def encoder_alone(sample: RawSample) -> Effort:
    """Encode the sample with the engine's settings, one process of one thread a core; scaled to the film."""
    return effort_of_children(lambda: _side_by_side(sample.paths)).times(film.FRAMES / sample.frames)


def our_encoder() -> list[str]:
    """The engine's x264 settings as ffmpeg arguments."""
    options = encoder.x264_options(width=film.WIDTH, height=film.HEIGHT, fps=film.FPS, quality="final")
    names = {"profile": "profile:v"}
    flags = [flag for name, value in options.items() for flag in (f"-{names.get(name, name)}", value)]
    return ["-c:v", "libx264", "-threads", "1", *flags]


def encode(raw: Path, settings: Sequence[str], to: Path) -> Path:
    """Encode one raw file. Returns `to`."""
    ffmpeg("-loglevel", "error", *RAW_INPUT, "-i", str(raw), *settings, str(to))
    return to


def ffmpeg_film(materials: Materials, to: Path) -> Effort:
    """Make the film with one command: zoompan, burned captions, narration as AAC."""
    return effort_of_children(lambda: ffmpeg(*film_command(materials, to)))


def film_command(materials: Materials, to: Path) -> list[str]:
    """The command, as someone who knows ffmpeg would write it by hand."""
    inputs = [*materials.stills, *(voice.path for voice in materials.voices)]
    graph = [*_pictures(materials), *_sound(materials)]
    return [
        *["-loglevel", "error"],
        *(argument for path in inputs for argument in ("-i", str(path))),
        *[
            "-filter_complex",
            ";".join(graph),
            "-map",
            "[picture]",
            "-map",
            "[sound]",
            "-t",
            str(film.SECONDS),
        ],
        *THEIR_ENCODER,
        *["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"],
        *["-c:a", "aac", "-b:a", "128k", "-ar", str(SAMPLE_RATE), *FASTSTART, str(to)],
    ]


def zoompan(motion: str) -> str:
    """The engine's camera path as a zoompan filter."""
    even = f"on/{film.SCENE_FRAMES - 1}"
    progress = f"({even}*{1 - EASING}+{EASING}*(1-cos(PI*{even}))/2)"
    zoom = {"zoom-in": f"pow({REACH},{progress})", "zoom-out": f"pow({REACH},1-{progress})"}
    across = {"pan-right": progress, "pan-left": f"(1-{progress})"}.get(motion, "0.5")
    view = f"z='{zoom.get(motion, REACH)}':x='(iw-iw/zoom)*{across}':y='(ih-ih/zoom)/2'"
    return f"zoompan={view}:d={film.SCENE_FRAMES}:s={film.WIDTH}x{film.HEIGHT}:fps={film.FPS}"


def font_directory() -> Path:
    """Where the set-up put Noto Sans."""
    spec = find_spec("manimgx_fonts")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("The fonts of requirements.txt are not installed.")
    return Path(spec.origin).parent


def _side_by_side(paths: Sequence[Path]) -> None:
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(lambda path: encode(path, our_encoder(), path.with_suffix(".mp4")), paths))


def _pictures(materials: Materials) -> Iterator[str]:
    names = "".join(f"[scene{number}]" for number in range(film.SCENES))
    for number in range(film.SCENES):
        yield f"[{number}:v]{zoompan(film.motion(number))}[scene{number}]"
    captions = f"subtitles='{materials.captions}':fontsdir='{font_directory()}':force_style='{CAPTION_STYLE}'"
    colours = "scale=out_range=tv:out_color_matrix=bt709,format=yuv420p"
    yield f"{names}concat=n={film.SCENES}:v=1:a=0,{colours},{captions}[picture]"


def _sound(materials: Materials) -> Iterator[str]:
    count = len(materials.voices)
    for number, voice in enumerate(materials.voices):
        start_ms = round(voice.start_seconds * 1000)
        yield f"[{film.SCENES + number}:a]adelay={start_ms}:all=1[voice{number}]"
    names = "".join(f"[voice{number}]" for number in range(count))
    yield f"{names}amix=inputs={count}:normalize=0,apad=whole_dur={film.SECONDS}[sound]"
