"""What a job keeps of its project: a script that later edits do not reach. Plain data, as JSON carries it."""

from __future__ import annotations

from typing import Any

from rendering import brands, looks, providers
from rendering.choices import Look
from rendering.models import Asset, AssetKind, Project, Scene


def script_of(project: Project, scenes: list[Scene]) -> dict[str, Any]:
    """The script of a render of these scenes, with the cards of the brand before and after them."""
    brand = brands.of(project)
    rows = [scene_row(scene, project=project) for scene in scenes]
    script: dict[str, Any] = {
        "language": project.language,
        "voice": project.voice,
        "captions": project.captions,
        "caption_place": project.caption_place,
        "music": project.music,
        "music_level": project.music_level,
        "when_unavailable": project.when_unavailable,
        **_outside(project),
        "scenes": [*_card(brand, "intro", position=0), *rows, *_card(brand, "outro", position=len(rows) + 1)],
    }
    if brand:
        script["brand"] = brand
    if project.music_asset_id:
        script["music_asset"] = file_of(project.music_asset)
    return script


def scene_row(scene: Scene, *, project: Project) -> dict[str, Any]:
    """One scene with its look decided."""
    row: dict[str, Any] = {
        "position": scene.position,
        "narration": scene.narration,
        "heading": scene.heading,
        "caption": scene.caption,
        "image_prompt": scene.image_prompt,
        "asset": file_of(scene.image),
        "duration_seconds": scene.duration_seconds,
        "transition": scene.transition,
        "motion": scene.motion,
        "voice": scene.voice,
        "language": scene.language,
    }
    wanted = project.look if scene.look == Look.AUTO else scene.look
    # A picture shows what its prompt describes; without one the words are set.
    makes_pictures = bool(scene.image_prompt.strip() and providers.image_identity())
    look = looks.look_of(row, wanted=wanted, makes_pictures=makes_pictures)
    if scene.recording:
        row["recording"] = file_of(scene.recording)
    if scene.voice:
        row["voice_provider"] = _voice_provider(scene.voice)
    return row | {
        "look": look.value,
        "is_pictured": look in looks.PICTURED and (row["asset"] is not None or makes_pictures),
        "words": looks.words_of(row, look=look, makes_pictures=makes_pictures),
    }


def _outside(project: Project) -> dict[str, str]:
    """Who makes pictures and voices, where somebody outside does: another maker makes other things."""
    chosen = {
        "image_provider": providers.image_identity(),
        "voice_provider": _voice_provider(project.voice),
    }
    return {name: value for name, value in chosen.items() if value}


def _voice_provider(voice: str) -> str:
    speaker = providers.speaker(voice)
    return "" if speaker.name == "local" else speaker.identity


def file_of(asset: Asset | None) -> dict[str, Any] | None:
    """What a step needs to know of an uploaded file."""
    if asset is None:
        return None
    file: dict[str, Any] = {"sha256": asset.sha256, "storage_key": asset.storage_key}
    return file | {"clip_seconds": asset.duration_seconds} if asset.kind == AssetKind.VIDEO else file


def _card(brand: dict[str, Any] | None, name: str, *, position: int) -> list[dict[str, Any]]:
    """The title card of a brand as a scene without a voice; none when nothing is written on it."""
    card = brand.pop(name, None) if brand else None
    if not card:
        return []
    scene = {
        "position": position,
        "narration": "",
        "heading": card["title"],
        "words": card["text"],
        "look": "brand",
        "is_pictured": False,
        "caption": "",
        "image_prompt": "",
        "asset": None,
        "duration_seconds": brands.CARD_SECONDS,
        "transition": "fade" if name == "intro" else "cut",
        "motion": "none",
        "voice": "",
        "language": "",
    }
    return [scene]
