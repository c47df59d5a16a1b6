"""The films that are measured: twelve scenes of five seconds, and sixty short ones."""

from __future__ import annotations

FPS = 30
SCENE_SECONDS = 5
SCENE_FRAMES = FPS * SCENE_SECONDS
WIDTH, HEIGHT = 1920, 1080

# Each takes the English voice three to four seconds, so that every scene is exactly SCENE_SECONDS long.
NARRATIONS = (
    "The tide fills the mill pond twice a day and then it turns to leave.",
    "Heavy gates of oak hold the water back until the sea has fallen.",
    "The miller waits for the moon, for she decides when he may work.",
    "At low water the sluice is raised and the wheel begins to move.",
    "Two granite stones turn slowly all night, one above the other.",
    "Grain runs down a wooden shoe and shakes between the grooved stones.",
    "Warm flour falls into the bin, and it smells of bread already.",
    "A small bell rings as soon as the hopper is running out of grain.",
    "Fishermen bring their sails to dry along the wall of the mill pond.",
    "In winter the ice must be broken before the gates can be opened.",
    "When steam arrived, the wheel stood still for more than sixty years.",
    "Today the tide turns the wheel again, and children come to watch.",
)
EDITED_SCENE = 5
EDITED_NARRATION = "Barley runs down a wooden shoe and dances between the worn stones."

# In turn, so that any four scenes in a row hold every kind of work.
MOTIONS = ("zoom-in", "pan-right", "zoom-out", "pan-left")

SCENES = len(NARRATIONS)
FRAMES = SCENES * SCENE_FRAMES
SECONDS = SCENES * SCENE_SECONDS

MANY_SCENES = 60


def motion(scene: int) -> str:
    """The motion of a scene, counted from 0."""
    return MOTIONS[scene % len(MOTIONS)]


def many_narrations() -> list[str]:
    """Sixty short sentences, no two the same."""
    return [f"This is page {page} of {MANY_SCENES}." for page in range(1, MANY_SCENES + 1)]
