"""What one submit of the editor page does: save what was typed, then the one deed that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from cutroom import clock
from rendering import assets, history, scripts
from rendering.choices import Transition
from rendering.errors import EditConflict, invalid_field
from rendering.intake import receiving
from rendering.models import AssetKind, Project, Scene
from rendering.script_files import ScriptSource
from tenants.context import current_actor

COPIED = tuple(sorted(scripts.SCENE_FIELDS))


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A submitted editor page: what changed, and what its deed needs. `scene` is the one that was open."""

    project: Project
    version: int
    scene: Scene | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    picture: UploadedFile | None = None
    split_at: int | None = None
    script: ScriptSource = field(default_factory=lambda: ScriptSource(text=""))


def perform(deed: str, submission: Submission) -> int:
    """Save and do the deed, both or neither; the number of the scene to show next.

    What it changed can be undone. An unknown deed only saves. Raises EditConflict when the project has moved
    on, InvalidInput.
    """
    with transaction.atomic():
        _require_version(submission)
        before = history.snapshot(submission.project)
        _save(submission)
        if deed in _JOURNEYS:
            _note(submission, before, "")
            return _JOURNEYS[deed](submission)
        number = _DEEDS.get(deed, _stay)(submission)
        _note(submission, before, deed)
        return number


def _require_version(submission: Submission) -> None:
    """Edits happen one after the other, each on what its author saw."""
    locked = Project.objects.select_for_update().filter(pk=submission.project.pk).first()
    if locked is None or locked.version != submission.version:
        raise EditConflict()


def _note(submission: Submission, before: dict[str, Any], deed: str) -> None:
    scene = f"scene {submission.scene.position}" if submission.scene else "settings"
    did = _NAMES.get(deed, "edit {scene}").format(scene=scene)
    history.note(project=submission.project, did=did, before=before, is_typing=deed not in _DEEDS)


def _save(submission: Submission) -> None:
    project, version = submission.project, submission.version
    if submission.settings:
        version = scripts.update_project(
            project=project, expected_version=version, **submission.settings
        ).version
    changes = dict(submission.fields)
    if submission.picture and submission.scene:
        changes |= _brought(submission, submission.picture, submission.scene)
    if changes and submission.scene:
        scripts.update_scene(scene=submission.scene, expected_version=version, **changes)


def _brought(submission: Submission, file: UploadedFile, scene: Scene) -> dict[str, Any]:
    """What an uploaded file changes: a picture or sound at once, a clip when a worker has made it anew."""
    if assets.is_clip(file):
        user_id, at = current_actor().user_id, clock.now()
        receiving.receive_whole(project=submission.project, file=file, user_id=user_id, at=at, scene=scene)
        return {}
    asset = assets.add_asset(project=submission.project, upload=file)
    return {"recording_id" if asset.kind == AssetKind.AUDIO else "image_id": asset.pk}


def _stay(submission: Submission) -> int:
    return submission.scene.position if submission.scene else 1


def _add(submission: Submission) -> int:
    after = submission.scene.position + 1 if submission.scene else None
    return scripts.add_scene(project=submission.project, position=after).position


def _move(submission: Submission, *, by: int) -> int:
    scene = _open_scene(submission)
    ids = list(
        Scene.objects.filter(project=scene.project_id).order_by("position").values_list("pk", flat=True)
    )
    old = ids.index(scene.pk)
    new = min(max(old + by, 0), len(ids) - 1)
    ids.insert(new, ids.pop(old))
    scripts.order_scenes(project=submission.project, ids=ids)
    return new + 1


def _up(submission: Submission) -> int:
    return _move(submission, by=-1)


def _down(submission: Submission) -> int:
    return _move(submission, by=1)


def _duplicate(submission: Submission) -> int:
    scene = _open_scene(submission)
    fields = {name: getattr(scene, name) for name in COPIED}
    return scripts.add_scene(project=submission.project, position=scene.position + 1, **fields).position


def _delete(submission: Submission) -> int:
    scene = _open_scene(submission)
    position = scene.position
    scripts.delete_scene(scene=scene)
    return position


def _undo(submission: Submission) -> int:
    history.undo(Project.objects.get(pk=submission.project.pk))
    return _stay(submission)


def _redo(submission: Submission) -> int:
    history.redo(Project.objects.get(pk=submission.project.pk))
    return _stay(submission)


def _split(submission: Submission) -> int:
    scene = _open_scene(submission)
    before, after = _halves(scene.narration, submission.split_at)
    second = {"narration": after, "image_prompt": scene.image_prompt, "image_id": scene.image_id}
    second |= {name: getattr(scene, name) for name in ("motion", "transition", "look", "voice", "language")}
    scripts.update_scene(scene=scene, narration=before, transition=Transition.CUT)
    return scripts.add_scene(project=submission.project, position=scene.position + 1, **second).position


def _halves(text: str, at: int | None) -> tuple[str, str]:
    """Cut at character `at`, else at the first blank line. Raises InvalidInput if both leave a half empty."""
    at_cursor = (text[: at or 0], text[at or 0 :])
    at_blank_line = text.strip().partition("\n\n")[::2]
    for before, after in (at_cursor, at_blank_line):
        if before.strip() and after.strip():
            return before.strip(), after.strip()
    detail = "Put the cursor, or a blank line, where the scene should be split."
    raise invalid_field("narration", "no-split", detail)


def _upload(submission: Submission) -> int:
    """The picture is saved already, as with every deed."""
    _open_scene(submission)
    if submission.picture is None:
        detail = "Choose a file first."
        raise invalid_field("picture", "required", detail)
    return _stay(submission)


def _drop_picture(submission: Submission) -> int:
    scripts.update_scene(scene=_open_scene(submission), image_id=None)
    return _stay(submission)


def _drop_recording(submission: Submission) -> int:
    scripts.update_scene(scene=_open_scene(submission), recording_id=None)
    return _stay(submission)


def _paste(submission: Submission) -> int:
    script = submission.script
    scripts.replace_script(project=submission.project, script=script.text, form=script.form)
    return 1


def _open_scene(submission: Submission) -> Scene:
    if submission.scene is None:
        detail = "Open a scene first."
        raise invalid_field("narration", "no-scene", detail)
    return submission.scene


_DEEDS: dict[str, Callable[[Submission], int]] = {
    "add": _add,
    "up": _up,
    "down": _down,
    "duplicate": _duplicate,
    "delete": _delete,
    "split": _split,
    "upload": _upload,
    "drop-picture": _drop_picture,
    "drop-recording": _drop_recording,
    "paste": _paste,
}

_JOURNEYS: dict[str, Callable[[Submission], int]] = {"undo": _undo, "redo": _redo}

_NAMES = {
    "add": "add a scene",
    "up": "move {scene} up",
    "down": "move {scene} down",
    "duplicate": "duplicate {scene}",
    "delete": "delete {scene}",
    "split": "split {scene}",
    "upload": "change the picture of {scene}",
    "drop-picture": "change the picture of {scene}",
    "drop-recording": "change the voice of {scene}",
    "paste": "replace the script",
}
