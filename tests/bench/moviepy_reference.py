"""The same film by moviepy, in an environment of its own: it needs a Pillow older than ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from rendering.media.motion import EASING, REACH
from tests.bench import film
from tests.bench.materials import Materials
from tests.bench.references import font_directory
from tests.bench.stopwatch import Effort, effort_of_children

REQUIREMENT = "moviepy==2.2.1"
MEASURED_SCENES = 2  # one zoom and one pan, half and half as in the film
PROGRAM = Path(__file__).with_name("moviepy_film.py")


def moviepy_film(materials: Materials, to: Path, *, environment: Path) -> Effort:
    """Make the first scenes and scale to the whole film; the time to import moviepy is not counted.

    `environment` is where moviepy is, or will be after this.
    """
    python = _python_with_moviepy(environment)
    job = to.with_suffix(".json")
    job.write_text(json.dumps(_job(materials, to=to)))
    answers: list[str] = []
    effort = effort_of_children(lambda: answers.append(_output(python, str(PROGRAM), str(job))))
    seconds = float(json.loads(answers[0])["seconds"])
    counted = Effort(seconds=seconds, cpu_seconds=effort.cpu_seconds)
    return counted.times(film.SCENES / MEASURED_SCENES)


def _job(materials: Materials, *, to: Path) -> dict[str, Any]:
    return {
        "width": film.WIDTH,
        "height": film.HEIGHT,
        "fps": film.FPS,
        "seconds": film.SCENE_SECONDS,
        "reach": REACH,
        "easing": EASING,
        "font": str(font_directory() / "NotoSans[wght].ttf"),
        "out_path": str(to),
        "scenes": [_scene(materials, number) for number in range(MEASURED_SCENES)],
    }


def _scene(materials: Materials, number: int) -> dict[str, Any]:
    voice = materials.voices[number]
    captions = [
        {
            "text": caption["text"],
            "start": caption["start_frame"] / film.FPS,
            "end": caption["end_frame"] / film.FPS,
        }
        for caption in materials.segments[number].captions
    ]
    return {
        "still": str(materials.stills[number]),
        "voice": str(voice.path),
        "voice_starts_at": voice.start_seconds - number * film.SCENE_SECONDS,
        "motion": film.motion(number),
        "captions": captions,
    }


def _python_with_moviepy(environment: Path) -> str:
    """Installs it on first use, by uv or, where there is no uv, by pip."""
    python = environment / "bin" / "python"
    stamp = environment / "installed"
    if not stamp.exists():
        shutil.rmtree(environment, ignore_errors=True)
        _output(sys.executable, "-m", "venv", str(environment))
        _output(*_installer(python), REQUIREMENT)
        stamp.touch()
    return str(python)


def _installer(python: Path) -> list[str]:
    beside_us = Path(sys.executable).with_name("uv")
    uv = str(beside_us) if beside_us.exists() else shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", str(python)]
    return [str(python), "-m", "pip", "install", "-qq"]


def _output(*command: str) -> str:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout
