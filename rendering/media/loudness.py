"""Loudness by EBU R128: measured, corrected, measured again.

loudnorm was tried and missed its target by up to 3 LU in one pass; a compressor, a gain and a true-peak limiter
in a measured loop land within 0.3 LU.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rendering.media.binaries import SAFE_FLAGS, ffmpeg_path
from rendering.media.errors import MediaError
from rendering.media.specs import SAMPLE_RATE

TARGET_LUFS = -16.0
CLOSE_ENOUGH_LU = 0.3
PASSES = 4
# AAC adds up to about half a decibel of peak, and the film may not exceed -1.5 dBTP.
CEILING_DBTP = -2.5
SILENCE_LUFS = -60.0

RAW_INPUT = ["-f", "s16le", "-ar", str(SAMPLE_RATE), "-ac", "1"]

_COMPRESS = "acompressor=threshold=-21dB:ratio=3:attack=10:release=180:makeup=1"
_INTEGRATED = re.compile(r"I:\s+(-?[\d.]+|-?inf) LUFS")
_PEAK = re.compile(r"Peak:\s+(-?[\d.]+|-?inf) dBFS")


@dataclass(frozen=True, kw_only=True)
class Levelled:
    """Raw 16-bit sound at its level, and what was measured on it; None for silence."""

    path: Path
    loudness_lufs: float | None
    true_peak_dbtp: float | None


def level(path: Path, *, directory: Path) -> Levelled:
    """Bring raw mono sound to -16 LUFS and below -1.5 dBTP. Silence stays as it is: it has no level to lift."""
    loudness, _ = _measure(path, f"{_COMPRESS}")
    if loudness is None or loudness < SILENCE_LUFS:
        return Levelled(path=path, loudness_lufs=None, true_peak_dbtp=None)
    gain = TARGET_LUFS - loudness
    levelled = directory / "levelled.raw"
    peak: float | None = None
    for _ in range(PASSES):
        loudness, peak = _measure(path, _chain(gain), out=levelled)
        if loudness is None or abs(TARGET_LUFS - loudness) <= CLOSE_ENOUGH_LU:
            break
        gain += TARGET_LUFS - loudness
    return Levelled(path=levelled, loudness_lufs=loudness, true_peak_dbtp=peak)


def _chain(gain: float) -> str:
    limit = 10 ** (CEILING_DBTP / 20)
    # Limited at four times the rate, so that peaks between samples are seen too.
    limiter = f"aresample=192000,alimiter=limit={limit:.4f}:level=false,aresample={SAMPLE_RATE}"
    return f"{_COMPRESS},volume={gain:.2f}dB,{limiter}"


def _measure(path: Path, chain: str, *, out: Path | None = None) -> tuple[float | None, float | None]:
    """Integrated loudness and true peak behind `chain`; writes the sound to `out` in the same pass."""
    flags = [flag if flag != "error" else "info" for flag in SAFE_FLAGS]
    target = [*RAW_INPUT, str(out)] if out else ["-f", "null", "-"]
    command = [ffmpeg_path(), *flags, "-nostats", *RAW_INPUT, "-i", str(path)]
    command += ["-af", f"{chain},ebur128=peak=true:framelog=quiet", *target]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    words = done.stderr.decode(errors="replace")
    if done.returncode != 0:
        if "No space left" in words:
            raise MediaError("no-space", "There is not enough disk space for the sound.", retryable=True)
        raise MediaError("ffmpeg-failed", f"Levelling failed: {words[-200:].strip()}", retryable=True)
    return _last(_INTEGRATED, words), _last(_PEAK, words)


def _last(pattern: re.Pattern[str], words: str) -> float | None:
    found = pattern.findall(words)
    return float(found[-1]) if found and "inf" not in found[-1] else None
