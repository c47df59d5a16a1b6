"""Loudness by EBU R128 (ITU-R BS.1770-4), and a limiter for true peaks."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np

from rendering.media.specs import SAMPLE_RATE

SILENCE_LUFS = -60.0
ROUGH_SHARE = 4

OVERSAMPLING = 4  # BS.1770-4 annex 2
TAPS = 16
# The gain bends over 2 x 15 ms, longer than a period of a low voice: it follows the voice, not its wave.
REACH = SAMPLE_RATE * 15 // 1000
CONTEXT = 2 * REACH + TAPS


@dataclass(frozen=True, kw_only=True)
class Level:
    """What ebur128 says: integrated loudness (LUFS) and true peak (dBTP)."""

    loudness_lufs: float
    true_peak_dbtp: float

    @property
    def is_silence(self) -> bool:
        """Nothing that could be heard; lifting it would lift noise."""
        return self.loudness_lufs < SILENCE_LUFS


class Meter:
    """FFmpeg's ebur128 filter. Push float samples, shaped (channels, samples), then ask for the level.

    A rough one listens to a quarter of the samples, in a quarter of the time, and does not look for peaks.
    What speech and music have above 6 kHz adds little to their loudness.
    """

    def __init__(self, layout: str, *, is_rough: bool = False) -> None:
        self._layout = layout
        self._share = ROUGH_SHARE if is_rough else 1
        self._rate = SAMPLE_RATE // self._share
        self._pushed = 0
        self._said: dict[str, str] = {}
        self._graph = av.filter.Graph()
        # A mono voice will come from both speakers, which is 3 LU louder.
        peak = "none" if is_rough else "true"
        options = f"metadata=1:framelog=quiet:peak={peak}" + (":dualmono=1" if layout == "mono" else "")
        self._source = self._graph.add_abuffer(
            sample_rate=self._rate, format="fltp", layout=layout, time_base=Fraction(1, self._rate)
        )
        self._sink = self._graph.add("abuffersink")
        meter = self._graph.add("ebur128", options)
        self._source.link_to(meter)
        meter.link_to(self._sink)
        self._graph.configure()

    def push(self, samples: np.ndarray) -> None:
        """Listen to the next samples."""
        heard = np.ascontiguousarray(self._thinned(samples))
        frame = av.AudioFrame.from_ndarray(heard, format="fltp", layout=self._layout)
        frame.sample_rate, frame.pts = self._rate, self._pushed
        self._pushed += frame.samples
        self._source.push(frame)
        self._drain()

    def level(self) -> Level:
        """The level of all that was pushed. The meter cannot be used afterwards."""
        self._source.push(None)
        self._drain()
        peak = float(self._said.get("lavfi.r128.true_peak", 0.0))
        return Level(
            loudness_lufs=float(self._said.get("lavfi.r128.I", "-70")),
            true_peak_dbtp=20 * float(np.log10(max(peak, 1e-5))),
        )

    def _thinned(self, samples: np.ndarray) -> np.ndarray:
        if self._share == 1:
            return samples
        whole = samples.shape[1] // self._share * self._share
        parts = (samples[:, start : whole : self._share] for start in range(self._share))
        return np.asarray(sum(parts, np.zeros(1, np.float32)) / self._share, np.float32)

    def _drain(self) -> None:
        while True:
            try:
                frame: Any = self._sink.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            self._said = dict(frame.metadata) or self._said


def limit(samples: np.ndarray, *, ceiling: float) -> np.ndarray:
    """Mono float samples with no true peak above `ceiling` (linear), turned down smoothly around each peak.

    A sample depends on CONTEXT samples on both sides, so a long sound can be limited in overlapping blocks.
    """
    envelope = _true_peaks(samples)
    if envelope.max(initial=0.0) <= ceiling:
        return samples
    needed = np.minimum(1.0, ceiling / np.maximum(envelope, ceiling))
    held = _sliding_minimum(needed, REACH)
    # The mean of minima over windows that all contain a sample is no more than that sample needs.
    padded = np.pad(held.astype(np.float64), REACH, mode="edge")
    sums = np.cumsum(np.concatenate(([0.0], padded)))
    width = 2 * REACH + 1
    gains = (sums[width:] - sums[:-width]) / width
    return np.asarray(samples * gains, np.float32)


def _true_peaks(samples: np.ndarray) -> np.ndarray:
    """The highest level at and between samples."""
    peaks: np.ndarray = np.abs(samples)
    for phase in range(1, OVERSAMPLING):
        np.maximum(peaks, np.abs(_convolved(samples, _between(phase / OVERSAMPLING))), out=peaks)
    return peaks


def _convolved(samples: np.ndarray, taps: np.ndarray) -> np.ndarray:
    """As np.convolve(…, mode="same"), in a fifth of its time."""
    filtered = cv2.filter2D(
        samples[None], -1, taps[None, ::-1], anchor=(TAPS // 2, 0), borderType=cv2.BORDER_CONSTANT
    )
    return np.asarray(filtered[0])


def _between(fraction: float) -> np.ndarray:
    """A windowed sinc that reads a signal at `fraction` of the way to the next sample."""
    places = np.arange(TAPS) - TAPS / 2 + fraction
    taps = np.sinc(places) * np.kaiser(TAPS, 6.0)
    return np.asarray(taps / taps.sum(), np.float32)


def _sliding_minimum(values: np.ndarray, reach: int) -> np.ndarray:
    """For each place the least value within `reach` on both sides, by doubling windows."""
    low = np.pad(values, reach, constant_values=1.0)
    width, wanted = 1, 2 * reach + 1
    while width < wanted:
        step = min(width, wanted - width)
        low = np.minimum(low[:-step], low[step:])
        width += step
    return low
