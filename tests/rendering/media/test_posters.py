"""The sample posters of the docs come from one command, and are those of today's looks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from django.conf import settings
from PIL import Image

from rendering.media.posters import SAMPLES, main


def test_the_docs_show_the_looks_as_they_are_drawn(tmp_path: Path) -> None:
    main(tmp_path)
    kept = Path(settings.BASE_DIR, "docs", "looks")
    assert {path.stem for path in kept.glob("*.jpg")} == set(SAMPLES)
    for look in SAMPLES:
        fresh, shown = (
            np.asarray(Image.open(folder / f"{look}.jpg")).astype(int) for folder in (tmp_path, kept)
        )
        assert (kept / f"{look}.jpg").stat().st_size < 60_000
        assert np.abs(fresh - shown).mean() < 2, "Run: make posters"
