"""The forms of the editor page, taken together: it is one HTML form, so that every deed also saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict

from cutroom.errors import InvalidInput
from cutroom.form_problems import Problem, problems_of
from rendering.editing import Submission
from rendering.forms import (
    DeedForm,
    PictureForm,
    ProjectForm,
    RenderForm,
    SceneForm,
)
from rendering.models import Asset, Project, Scene
from rendering.script_forms import ScriptForm, script_source

# Services name what they refuse; these names differ from the field that caused it.
_FIELDS = {"file": "picture", "image": "picture"}


class EditorForms:
    """Every form of the page. `data` None shows what is stored."""

    def __init__(
        self,
        *,
        project: Project,
        scene: Scene | None,
        choice: Mapping[str, Any],
        sounds: Sequence[Asset],
        has_4k: bool,
        data: Mapping[str, Any] | None = None,
        files: MultiValueDict[str, UploadedFile] | None = None,
    ) -> None:
        self._project = project
        self._scene = scene
        self._general: list[Problem] = []
        self.project = ProjectForm(data, project=project, sounds=sounds)
        self.scene = SceneForm(data, scene=scene) if scene else None
        self.render = RenderForm(data, initial=choice, has_4k=has_4k)
        self.has_4k = has_4k
        self.picture = PictureForm(data, files)
        self.script = ScriptForm(data, files)
        self.deed = DeedForm(data)
        if data is None:
            self.rebase()

    def rebase(self) -> None:
        """Make the page one of the stored version, so that sending it again overwrites that version."""
        scene_id = self._scene.pk if self._scene else None
        self.deed = DeedForm(initial={"version": self._project.version, "scene": scene_id})

    def is_valid(self) -> bool:
        """Check all of them, not only up to the first mistake."""
        verdicts = [form.is_valid() for form in self._all()]
        return all(verdicts)

    def submission(self) -> Submission:
        """What the forms ask for. They must be valid."""
        return Submission(
            project=self._project,
            scene=self._scene,
            version=self.deed.cleaned_data["version"],
            settings=self.project.changes,
            fields=self.scene.changes if self.scene else {},
            picture=self.picture.cleaned_data["picture"],
            split_at=self.deed.cleaned_data["split_at"],
            script=script_source(self.script),
        )

    def take(self, error: InvalidInput) -> None:
        """Show a service's refusal at the fields it names."""
        for row in error.members["errors"]:
            name = _FIELDS.get(row["field"], row["field"])
            form = next((form for form in self._all() if name in form.fields), None)
            if form is None:
                self._general.append(Problem(target="", label="", text=row["detail"]))
            else:
                form.add_error(name, row["detail"])

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong, for the summary."""
        return [*self._general, *(problem for form in self._all() for problem in problems_of(form))]

    def _all(self) -> list[forms.Form]:
        every = [self.project, self.scene, self.render, self.picture, self.script, self.deed]
        return [form for form in every if form is not None]
