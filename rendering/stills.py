"""The stills of a scene: its picture (part 0), and the card that sets words beside or over it (part 1).

What needs no picture from elsewhere is drawn in one go, as part 0. Brand colours and font are inputs of what
is drawn with them and of nothing else.
"""

from __future__ import annotations

from typing import Any

from rendering import given, timeline
from rendering.film import WORK, Film, Known, StepDraft
from rendering.models import StepKind

CARD_WORK = 8


def drafts(film: Film, index: int, known: Known) -> list[StepDraft]:
    """The image steps of a scene that can be described now."""
    scene = film.scenes[index]
    if not _is_pictured(scene):
        return [_card(film, index, part=0)]
    steps = [_picture(film, index)]
    picture = known.get((StepKind.IMAGE, index, 0))
    if picture is not None and _has_card(scene):
        steps.append(_card(film, index, part=1, picture=picture))
    return steps


def of(film: Film, index: int, known: Known) -> dict[str, Any] | None:
    """The still that a scene moves over, when it is known."""
    scene = film.scenes[index]
    return known.get((StepKind.IMAGE, index, int(_is_pictured(scene) and _has_card(scene))))


def _is_pictured(scene: dict[str, Any]) -> bool:
    # Scripts from before there were looks showed a drawn title, or the uploaded picture.
    return bool(scene.get("is_pictured", scene["asset"]))


def _has_card(scene: dict[str, Any]) -> bool:
    if scene["asset"] and "clip_seconds" in scene["asset"]:
        # A clip moves; its words are laid over each frame.
        return False
    return scene.get("look") == "split" or bool(scene.get("heading") or scene.get("words"))


def _picture(film: Film, index: int) -> StepDraft:
    scene = film.scenes[index]
    work = WORK[StepKind.IMAGE]
    if scene["asset"]:
        inputs: dict[str, Any] = given.inputs_of(scene["asset"])
        return StepDraft(kind=StepKind.IMAGE, scene=index, inputs=inputs, work=work)
    width, height = timeline.still_size(film.resolution, film.aspect)
    prompt = scene["image_prompt"] or scene["narration"] or scene.get("heading", "")
    inputs = {"prompt": prompt, "width": width, "height": height}
    if film.script.get("image_provider"):
        inputs["provider"] = film.script["image_provider"]
    return StepDraft(kind=StepKind.IMAGE, scene=index, inputs=inputs, work=work, charges={"images_count": 1})


def _card(film: Film, index: int, *, part: int, picture: dict[str, Any] | None = None) -> StepDraft:
    scene = film.scenes[index]
    inputs = card_inputs(film, scene) | {"files": {}}
    logo = film.brand.get("logo") if scene.get("look") == "brand" else None
    shown = picture or (logo and {"content": logo["sha256"], "storage_key": logo["storage_key"]})
    if shown:
        inputs["picture"] = shown["content"]
        inputs["files"] = {"picture": shown["storage_key"]}
    return StepDraft(
        kind=StepKind.IMAGE,
        scene=index,
        part=part,
        inputs=inputs,
        work=CARD_WORK if part else WORK[StepKind.IMAGE],
        charges={} if part else {"images_count": 1},
    )


def card_inputs(film: Film, scene: dict[str, Any]) -> dict[str, Any]:
    """What a card depends on besides its picture."""
    width, height = timeline.still_size(film.resolution, film.aspect)
    inputs: dict[str, Any] = {
        "look": scene.get("look", "title"),
        "text": scene.get("words", scene["image_prompt"] or scene["narration"]),
        "heading": scene.get("heading", ""),
        "language": film.language(scene),
        "width": width,
        "height": height,
    }
    own = {name: film.brand[name] for name in ("paper", "ink", "accent", "font") if film.brand.get(name)}
    place = {"caption_place": "top"} if film.caption_place == "top" else {}
    return inputs | own | place


def caption_place(film: Film, index: int) -> str:
    """Where the captions of a scene stand: in the middle only over a picture that bears no words."""
    is_bare = _is_pictured(film.scenes[index]) and not _has_card(film.scenes[index])
    return "bottom" if film.caption_place == "middle" and not is_bare else film.caption_place
