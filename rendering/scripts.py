"""Writes to projects and their scenes. Start here: create_project, replace_script.

Call everything inside tenant_context. Each edit raises the project's `version`; `expected_version` makes an
edit fail with EditConflict when somebody else was faster.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string
from django.utils.text import slugify

from cutroom.errors import InvalidInput, NotFound
from rendering import assets, conf, script_drafts
from rendering.choices import ScriptFormat
from rendering.errors import EditConflict, invalid_field, script_too_long
from rendering.models import Asset, AssetKind, Project, Scene
from rendering.script_text import SceneDraft
from tenants import audit

SETTINGS = frozenset({
    "title", "aspect", "voice", "language", "captions", "caption_place", "look", "is_branded", "music",
    "music_level", "music_asset_id", "when_unavailable",
})  # fmt: skip
SCENE_FIELDS = frozenset({
    "narration", "heading", "look", "voice", "language", "image_prompt", "image_id", "recording_id",
    "duration_seconds",
    "transition", "motion", "caption",
})  # fmt: skip
_LONGEST = {
    "narration": conf.MAX_NARRATION_CHARACTERS,
    "heading": conf.MAX_HEADING_CHARACTERS,
    "image_prompt": conf.MAX_PROMPT_CHARACTERS,
    "caption": conf.MAX_CAPTION_CHARACTERS,
}


def create_project(*, title: str, script: str = "", **settings: Any) -> Project:
    """Make a project, with the scenes of `script` if there is one; its slug comes from the title.

    `settings` are the names in SETTINGS. Raises InvalidInput.
    """
    project = Project(title=title.strip(), **_known(settings, SETTINGS))
    _refuse_bad_fields(project, exclude={"slug", "tenant", "music_asset"})
    _save_under_free_slug(project)
    if script.strip():
        return replace_script(project=project, script=script)
    return project


def update_project(*, project: Project, expected_version: int | None = None, **changes: Any) -> Project:
    """Change what SETTINGS names; the slug stays, so links keep working.

    Raises InvalidInput, and EditConflict when `expected_version` is not the present one.
    """
    project = _lock(project, expected_version)
    for name, value in _known(changes, SETTINGS).items():
        setattr(project, name, value)
    _refuse_bad_fields(project, exclude={"slug", "tenant", "music_asset"})
    if changes.get("music_asset_id") is not None:
        _refuse_foreign_music(project, changes["music_asset_id"])
    return _touch(project)


def delete_project(*, project: Project) -> None:
    """Remove a project, its scenes and its assets; finished videos stay, and no render is cancelled.

    Raises RenderRunning while a running render needs one of the assets.
    """
    project = _lock(project)
    for asset in Asset.objects.filter(project=project):
        assets.delete_asset(asset=asset)
    audit.record("project.deleted", target=f"project:{project.pk}", detail={"slug": project.slug})
    project.delete()


def replace_script(
    *,
    project: Project,
    script: str,
    form: str = ScriptFormat.TEXT,
    expected_version: int | None = None,
) -> Project:
    """Make the project's scenes anew from a text, a CSV table or SRT subtitles, as `form` says.

    A scene whose narration is unchanged keeps its id, picture, transition, motion, length and caption, as far
    as the script does not name others, and a render reuses what was made of it. Raises InvalidInput when it
    cannot be read or has no scene, ScriptTooLong, EditConflict.
    """
    if len(script) > conf.MAX_SCRIPT_CHARACTERS:
        most = conf.MAX_SCRIPT_CHARACTERS
        raise script_too_long(f"The script has {len(script):,} characters; {most:,} are possible.")
    drafts = script_drafts.read(script, form)
    project = _lock(project, expected_version)
    _refuse_crowd(len(drafts))
    _write_scenes(project, drafts)
    return _touch(project)


def add_scene(*, project: Project, position: int | None = None, **fields: Any) -> Scene:
    """Put a scene at `position` (from 1; the end when None) and move the others. Raises InvalidInput."""
    project = _lock(project)
    scenes = list(Scene.objects.filter(project=project).order_by("position"))
    _refuse_crowd(len(scenes) + 1)
    scene = Scene(project=project, position=len(scenes) + 1)
    _apply(scene, fields)
    scene.save()
    index = len(scenes) if position is None else max(0, min(position - 1, len(scenes)))
    _number([*scenes[:index], scene, *scenes[index:]])
    _touch(project)
    return scene


def update_scene(*, scene: Scene, expected_version: int | None = None, **changes: Any) -> Scene:
    """Change fields of a scene; `image_id` must be a picture or clip of the same project, or None for a
    drawn card; `recording_id` a sound of it, or None for a voice.

    Raises InvalidInput, and EditConflict when `expected_version` is not the project's present one.
    """
    project = _lock(scene.project, expected_version)
    scene.project = project
    _apply(scene, changes)
    scene.save()
    _touch(project)
    return scene


def delete_scene(*, scene: Scene) -> None:
    """Remove a scene and close the gap. Its picture stays in the project."""
    project = _lock(scene.project)
    scene.delete()
    _number(list(Scene.objects.filter(project=project).order_by("position")))
    _touch(project)


def order_scenes(*, project: Project, ids: list[UUID]) -> Project:
    """Put the scenes in the order of `ids`. Raises InvalidInput unless each scene is named exactly once."""
    project = _lock(project)
    scenes = {scene.pk: scene for scene in Scene.objects.filter(project=project).order_by("position")}
    if sorted(ids) != sorted(scenes):
        raise invalid_field("ids", "incomplete", f"Name each of the {len(scenes)} scenes exactly once.")
    _number([scenes[scene_id] for scene_id in ids])
    return _touch(project)


def _known(values: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    unknown = sorted(set(values) - names)
    if unknown:
        raise TypeError(f"Unknown fields: {', '.join(unknown)}")
    return values


def _lock(project: Project, expected_version: int | None = None) -> Project:
    """Edits of one project happen one after the other."""
    locked = Project.objects.select_for_update().filter(pk=project.pk).first()
    if locked is None:
        raise NotFound()
    if expected_version is not None and locked.version != expected_version:
        raise EditConflict()
    return locked


def _touch(project: Project) -> Project:
    project.version += 1
    project.save()
    return project


def _save_under_free_slug(project: Project) -> None:
    base = slugify(project.title)[:60].strip("-") or "project"
    taken = set(Project.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    names = (base, *(f"{base}-{number}" for number in range(2, len(taken) + 2)))
    project.slug = next(name for name in names if name not in taken)
    try:
        with transaction.atomic():
            project.save()
    except IntegrityError:
        # Somebody took the same name in the same moment.
        project.slug = f"{base}-{get_random_string(6).lower()}"
        project.save()


def _write_scenes(project: Project, drafts: list[SceneDraft]) -> None:
    kept: dict[str, list[Scene]] = {}
    for scene in Scene.objects.filter(project=project).order_by("-position"):
        kept.setdefault(scene.narration, []).append(scene)
    scenes: list[Scene] = []
    for position, draft in enumerate(drafts, start=1):
        same = kept.get(draft.narration)
        scene = same.pop() if same else _new_scene(project, draft.narration)
        scene.position = position
        _illustrate(scene, draft)
        _apply_draft(scene, draft)
        scenes.append(scene)
    Scene.objects.filter(pk__in=[scene.pk for rest in kept.values() for scene in rest]).delete()
    old = [scene for scene in scenes if not scene._state.adding]
    Scene.objects.bulk_update(
        old, ["position", *sorted(SCENE_FIELDS - {"image_id", "recording_id", "narration"})]
    )
    Scene.objects.bulk_create([s for s in scenes if s._state.adding])


def _illustrate(scene: Scene, draft: SceneDraft) -> None:
    """A heading too long to stand on a picture says what the picture shows."""
    is_short = len(draft.heading) <= conf.MAX_HEADING_CHARACTERS
    scene.heading = draft.heading if draft.heading and is_short else scene.heading
    prompt = draft.image_prompt or scene.image_prompt
    scene.image_prompt = prompt if is_short else prompt or draft.heading


def _apply_draft(scene: Scene, draft: SceneDraft) -> None:
    try:
        _apply(scene, dict(draft.fields))
    except InvalidInput as error:
        row = error.members["errors"][0]
        detail = f"Scene {scene.position}, {row['field']}: {row['detail']}"
        raise invalid_field("script", row["code"], detail) from error


def _new_scene(project: Project, narration: str) -> Scene:
    return Scene(project=project, tenant_id=project.tenant_id, narration=narration)


def _number(scenes: list[Scene]) -> None:
    """Write positions 1, 2, 3 …; the unique constraint is deferred, so they may cross on the way."""
    moved = []
    for position, scene in enumerate(scenes, start=1):
        if scene.position != position:
            scene.position = position
            moved.append(scene)
    Scene.objects.bulk_update(moved, ["position"])


def _apply(scene: Scene, fields: dict[str, Any]) -> None:
    for name, value in _known(fields, SCENE_FIELDS).items():
        setattr(scene, name, value)
    _refuse_bad_fields(scene, exclude={"project", "tenant", "image", "recording"})
    for name, longest in _LONGEST.items():
        if len(getattr(scene, name)) > longest:
            raise invalid_field(name, "max_length", f"At most {longest:,} characters are possible here.")
    seconds = scene.duration_seconds
    if seconds is not None and not 0 < seconds <= conf.MAX_SCENE_SECONDS:
        most = conf.MAX_SCENE_SECONDS
        raise invalid_field("duration_seconds", "range", f"Choose up to {most} seconds, or nothing.")
    if fields.get("image_id") is not None:
        _refuse_foreign(scene, "image", fields["image_id"], kinds=[AssetKind.IMAGE, AssetKind.VIDEO])
    if fields.get("recording_id") is not None:
        _refuse_foreign(scene, "recording", fields["recording_id"], kinds=[AssetKind.AUDIO])


def _refuse_foreign(scene: Scene, field: str, asset_id: UUID, *, kinds: list[AssetKind]) -> None:
    assets = Asset.objects.filter(project_id=scene.project_id, kind__in=kinds)
    if not assets.filter(pk=asset_id).exists():
        words = "sound" if field == "recording" else "picture or clip"
        raise invalid_field(field, "does_not_exist", f"This project has no such {words}. Upload it first.")


def _refuse_foreign_music(project: Project, asset_id: UUID) -> None:
    sounds = Asset.objects.filter(project_id=project.pk, kind=AssetKind.AUDIO)
    if not sounds.filter(pk=asset_id).exists():
        raise invalid_field(
            "music", "does_not_exist", "This project has no such sound file. Upload it first."
        )


def _refuse_bad_fields(row: Project | Scene, *, exclude: set[str]) -> None:
    """Choices, lengths and empty titles, by the rules of the model."""
    try:
        row.clean_fields(exclude=exclude)
    except ValidationError as error:
        rows = [
            {"field": name, "code": str(fault.code or "invalid"), "detail": " ".join(fault.messages)}
            for name, faults in error.error_dict.items()
            for fault in faults
        ]
        raise InvalidInput(errors=rows) from error


def _refuse_crowd(count: int) -> None:
    if count > conf.MAX_SCENES:
        raise script_too_long(
            f"That would be {count:,} scenes; one project may have {conf.MAX_SCENES}. "
            "Join some, or split the work into several projects."
        )
