"""Which ffmpeg: CUTROOM_FFMPEG, then the PATH, then the one inside the imageio-ffmpeg wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from rendering.media.errors import MediaError

# No stdin to wait on, no protocol but files: a playlist in disguise reaches no network.
SAFE_FLAGS = ["-nostdin", "-y", "-hide_banner", "-loglevel", "error"]
SAFE_INPUT = ["-protocol_whitelist", "file,pipe"]

STDERR_BYTES = 64 * 1024


@cache
def ffmpeg_path() -> str:
    """The ffmpeg to use. Raises MediaError("no-ffmpeg") when there is none."""
    found = os.environ.get("CUTROOM_FFMPEG") or shutil.which("ffmpeg")
    if found:
        return found
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        raise MediaError("no-ffmpeg", "No ffmpeg was found. Set CUTROOM_FFMPEG.") from None


def run_ffmpeg(arguments: list[str], *, directory: Path) -> None:
    """Run ffmpeg to its end. stderr goes to a file, because a full pipe would hang it.

    Raises MediaError("ffmpeg-failed") with its last words. Exit code 0 proves little: verify the output.
    """
    with tempfile.TemporaryFile(dir=directory) as stderr:
        command = [ffmpeg_path(), *SAFE_FLAGS, *arguments]
        code = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=stderr, check=False).returncode
        if code == 0:
            return
        stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - STDERR_BYTES))
        words = stderr.read().decode(errors="replace").strip()
    if "No space left" in words or "File too large" in words:
        raise MediaError("no-space", "There is not enough disk space to write this file.", retryable=True)
    lines = " ".join(words.splitlines()[-3:])
    raise MediaError("ffmpeg-failed", f"ffmpeg stopped with {code}: {lines[:400]}", retryable=True)
