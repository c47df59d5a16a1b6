"""What one submit of the editor page does: save what was typed, then the one deed that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from cutroom.errors import InvalidInput
from rendering import assets, scripts
from rendering.choices import Transition
from rendering.errors import EditConflict
from rendering.models import Project, Scene

COPIED = ("narration", "image_prompt", "image_id", "duration_seconds", "transition", "motion", "caption")


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
    script: str = ""
    deleted: dict[str, Any] = field(default_factory=dict)


def perform(deed: str, submission: Submission) -> int:
    """Save and do the deed, both or neither; the number of the scene to show next.

    An unknown deed only saves. Raises EditConflict when the project has moved on, InvalidInput.
    """
    with transaction.atomic():
        _save(submission)
        return _DEEDS.get(deed, _stay)(submission)


def scene_fields(scene: Scene) -> dict[str, Any]:
    """What makes a scene the same again elsewhere, as JSON can carry it."""
    values = {name: getattr(scene, name) for name in COPIED}
    return values | {"image_id": str(scene.image_id) if scene.image_id else None}


def _save(submission: Submission) -> None:
    project, version = submission.project, submission.version
    if project.version != version:
        raise EditConflict()
    if submission.settings:
        version = scripts.update_project(
            project=project, expected_version=version, **submission.settings
        ).version
    changes = dict(submission.fields)
    if submission.picture and submission.scene:
        changes["image_id"] = assets.add_asset(project=project, upload=submission.picture).pk
    if changes and submission.scene:
        scripts.update_scene(scene=submission.scene, expected_version=version, **changes)


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


def _restore(submission: Submission) -> int:
    if not submission.deleted:
        return _stay(submission)
    fields = dict(submission.deleted)
    position = fields.pop("position")
    return scripts.add_scene(project=submission.project, position=position, **fields).position


def _split(submission: Submission) -> int:
    scene = _open_scene(submission)
    before, after = _halves(scene.narration, submission.split_at)
    second = {"narration": after, "image_prompt": scene.image_prompt, "image_id": scene.image_id}
    second |= {"motion": scene.motion, "transition": scene.transition}
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
    raise InvalidInput(errors=[{"field": "narration", "code": "no-split", "detail": detail}])


def _upload(submission: Submission) -> int:
    """The picture is saved already, as with every deed."""
    _open_scene(submission)
    if submission.picture is None:
        detail = "Choose a file first."
        raise InvalidInput(errors=[{"field": "picture", "code": "required", "detail": detail}])
    return _stay(submission)


def _drop_picture(submission: Submission) -> int:
    scripts.update_scene(scene=_open_scene(submission), image_id=None)
    return _stay(submission)


def _paste(submission: Submission) -> int:
    scripts.replace_script(project=submission.project, script=submission.script)
    return 1


def _open_scene(submission: Submission) -> Scene:
    if submission.scene is None:
        detail = "Open a scene first."
        raise InvalidInput(errors=[{"field": "narration", "code": "no-scene", "detail": detail}])
    return submission.scene


_DEEDS: dict[str, Callable[[Submission], int]] = {
    "add": _add,
    "up": _up,
    "down": _down,
    "duplicate": _duplicate,
    "delete": _delete,
    "restore": _restore,
    "split": _split,
    "upload": _upload,
    "drop-picture": _drop_picture,
    "paste": _paste,
}
