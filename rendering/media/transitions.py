"""How the next scene's opening takes the place of this scene: mixed in, pushed in, or uncovered."""

from __future__ import annotations

import cv2

from rendering.media.planes import Plane, Planes

# Cut and fade show nothing of the next scene.
BLENDS = frozenset({"dissolve", "slide", "wipe"})


def blend(name: str, out: Planes, opening: Planes, *, share: float) -> None:
    """Show `share` (0 to 1) of the next scene's `opening` in `out`. 1 is the opening and nothing else."""
    eased = share * share * (3 - 2 * share)
    columns = round(eased * out.uv.shape[1])
    for plane, other, scale in zip(out, opening, (2, 1), strict=True):
        if name == "dissolve":
            cv2.addWeighted(plane, 1 - share, other, share, 0, dst=plane)
        elif name == "slide":
            _slide(plane, other, columns * scale)
        else:
            plane[:, : columns * scale] = other[:, : columns * scale]


def _slide(plane: Plane, other: Plane, edge: int) -> None:
    """The next scene comes in from the right and pushes this one out."""
    stays = plane.shape[1] - edge
    plane[:, :stays] = plane[:, edge:].copy()
    plane[:, stays:] = other[:, :edge]
