"""Forms that take a script: to start a project with, or in place of the scenes it has."""

from __future__ import annotations

from typing import Any

from django import forms

from rendering.form_fields import TextField
from rendering.samples import SAMPLES
from rendering.script_files import SCRIPT_ENDINGS, ScriptFileField, ScriptSource


class ScriptForm(forms.Form):
    """A whole script, pasted or from a file; how long it may be is said by replace_script."""

    script = TextField(
        label="Script",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"class": "in", "rows": 10, "dir": "auto", "form": "editor"}),
        help_text="A blank line or a heading starts a new scene. It replaces the scenes you have.",
    )
    script_file = ScriptFileField(
        label="Or a file",
        widget=forms.FileInput(attrs={"class": "in", "accept": SCRIPT_ENDINGS, "form": "editor"}),
    )


class StartForm(forms.Form):
    """How a project begins: from nothing, from a script, or from a sample (its title and script)."""

    is_blank = forms.BooleanField(required=False)
    sample = forms.ChoiceField(choices=[(s.key, s.title) for s in SAMPLES], required=False)
    title = TextField(
        label="Title",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "in", "dir": "auto", "placeholder": "Untitled video"}),
    )
    script = TextField(
        label="Script",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"class": "in", "rows": 7, "dir": "auto"}),
        help_text="Plain text or Markdown. A blank line or a heading starts a new scene.",
    )
    script_file = ScriptFileField(
        label="Or a file", widget=forms.FileInput(attrs={"class": "in", "accept": SCRIPT_ENDINGS})
    )

    def clean(self) -> dict[str, Any]:
        """A sample brings its own title and script."""
        chosen = next((s for s in SAMPLES if s.key == self.cleaned_data.get("sample")), None)
        if chosen:
            return self.cleaned_data | {"title": chosen.title, "script": chosen.script}
        return self.cleaned_data | {"title": self.cleaned_data.get("title") or "Untitled video"}


def script_source(form: ScriptForm | StartForm) -> ScriptSource:
    """The script of a valid form: the file's if there is one, else what was pasted."""
    chosen: ScriptSource | None = form.cleaned_data["script_file"]
    return chosen or ScriptSource(text=form.cleaned_data["script"])
