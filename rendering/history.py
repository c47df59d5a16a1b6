"""What a project was before each edit on its page, so that the edit can be undone and done again.

Call everything inside tenant_context and a transaction. An edit that came by another way, such as the API, is
never undone by accident: a revision only fits the version it made.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet

from cutroom import clock
from rendering import scripts
from rendering.models import Asset, Project, Revision, Scene

MOST = 50
# Saving by itself makes an edit a second; what was typed in one go is undone in one go.
TYPING = timedelta(minutes=1)


def snapshot(project: Project) -> dict[str, Any]:
    """The project's settings and scenes, as JSON can carry them."""
    scenes = Scene.objects.filter(project=project).order_by("position")
    return {
        "settings": {name: getattr(project, name) for name in sorted(scripts.SETTINGS)},
        "scenes": [_scene(scene) for scene in scenes],
    }


def note(*, project: Project, did: str, before: dict[str, Any], is_typing: bool = False) -> None:
    """Keep an edit of `project`, which was `before`. What changed nothing is not kept; undone edits go.

    `is_typing` says that the edit may be taken together with the one before it, if that did the same.
    """
    version = Project.objects.values_list("version", flat=True).get(pk=project.pk)
    if version == project.version:
        return
    _undone(project).delete()
    last = last_edit(project)
    if is_typing and last and last.did == did and clock.now() - last.created_at < TYPING:
        Revision.objects.filter(pk=last.pk).update(version_after=version)
        return
    Revision.objects.create(
        project=project, did=did, before=before, version_before=project.version, version_after=version
    )
    kept = Revision.objects.filter(project=project).order_by("-pk").values("pk")[:MOST]
    Revision.objects.filter(project=project).exclude(pk__in=kept).delete()


def last_edit(project: Project) -> Revision | None:
    """The edit that `undo` would take back."""
    done = Revision.objects.filter(project=project, after__isnull=True, version_after=project.version)
    return done.order_by("-pk").first()


def last_undone(project: Project) -> Revision | None:
    """The edit that `redo` would do again."""
    return _undone(project).filter(version_before=project.version).order_by("pk").first()


def undo(project: Project) -> None:
    """Make the project what it was before its last edit; nothing when there is none."""
    edit = last_edit(project)
    if edit is None:
        return
    edit.after = snapshot(project)
    version = _restore(project, edit.before)
    earlier = Revision.objects.filter(project=project, after__isnull=True, version_after=edit.version_before)
    earlier.exclude(pk=edit.pk).update(version_after=version)
    edit.version_before = version
    edit.save()


def redo(project: Project) -> None:
    """Do the edit that was undone last again; nothing when there is none."""
    edit = last_undone(project)
    if edit is None or edit.after is None:
        return
    version = _restore(project, edit.after)
    later = _undone(project).filter(version_before=edit.version_after)
    later.exclude(pk=edit.pk).update(version_before=version)
    edit.after, edit.version_after = None, version
    edit.save()


def _undone(project: Project) -> QuerySet[Revision]:
    return Revision.objects.filter(project=project, after__isnull=False)


def _scene(scene: Scene) -> dict[str, Any]:
    return {"id": scene.pk} | {name: getattr(scene, name) for name in sorted(scripts.SCENE_FIELDS)}


def _restore(project: Project, state: dict[str, Any]) -> int:
    """Write a snapshot back; the project's new version."""
    assets = {str(pk) for pk in Asset.objects.filter(project=project).values_list("pk", flat=True)}
    Scene.objects.filter(project=project).delete()
    scenes = [
        Scene(
            project=project,
            tenant_id=project.tenant_id,
            position=number,
            **_usable(row, names=scripts.SCENE_FIELDS | {"id"}, assets=assets),
        )
        for number, row in enumerate(state["scenes"], start=1)
    ]
    Scene.objects.bulk_create(scenes)
    settings = _usable(state["settings"], names=scripts.SETTINGS, assets=assets)
    changed = Project.objects.filter(pk=project.pk)
    changed.update(version=F("version") + 1, updated_at=clock.now(), **settings)
    return changed.values_list("version", flat=True).get()


def _usable(row: dict[str, Any], *, names: frozenset[str], assets: set[str]) -> dict[str, Any]:
    """What is still there of an old row: fields that exist, and files that nobody has deleted since."""
    known = {name: value for name, value in row.items() if name in names}
    lost = {name: None for name, value in known.items() if name.endswith("_id") and str(value) not in assets}
    return known | lost
