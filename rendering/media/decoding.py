"""Sound files as samples."""

from __future__ import annotations

from collections.abc import Iterator

import av
import numpy as np

from rendering.media.errors import MediaError
from rendering.media.specs import SAMPLE_RATE


def decoded(path: str, *, layout: str) -> Iterator[np.ndarray]:
    """A sound at SAMPLE_RATE, (channels, samples), a second at a time. Raises MediaError: sound-broken."""
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=SAMPLE_RATE, frame_size=SAMPLE_RATE)
    try:
        with av.open(path) as container:
            for frame in container.decode(audio=0):
                for ready in resampler.resample(frame):
                    yield ready.to_ndarray()
            for ready in resampler.resample(None):
                yield ready.to_ndarray()
    except (av.FFmpegError, IndexError):
        raise MediaError("sound-broken", "A sound file could not be read.", retryable=True) from None
