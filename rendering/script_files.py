"""A script as an uploaded file: which form it has, and its text."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django import forms

from rendering.choices import ScriptFormat

_FORMS = {
    ".txt": ScriptFormat.TEXT,
    ".md": ScriptFormat.TEXT,
    ".markdown": ScriptFormat.TEXT,
    ".csv": ScriptFormat.CSV,
    ".tsv": ScriptFormat.CSV,
    ".srt": ScriptFormat.SRT,
}
SCRIPT_ENDINGS = ",".join(_FORMS)
MOST_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class ScriptSource:
    """A script, and in which form it is written."""

    text: str
    form: str = ScriptFormat.TEXT


class ScriptFileField(forms.FileField):
    """A file with a script, cleaned to a ScriptSource; None when none was chosen."""

    def __init__(self, **options: Any) -> None:
        help_text = "Text, Markdown, a CSV table or SRT subtitles."
        super().__init__(required=False, help_text=help_text, **options)

    def clean(self, data: Any, initial: Any = None) -> ScriptSource | None:
        """Read the file. Refuses other kinds, large ones, and what is no text."""
        file = super().clean(data, initial)
        if not file:
            return None
        form = _FORMS.get(PurePath(file.name).suffix.lower())
        if form is None:
            raise forms.ValidationError(f"Choose a file that ends in {SCRIPT_ENDINGS.replace(',', ', ')}.")
        if file.size > MOST_BYTES:
            raise forms.ValidationError("This file is larger than 1 MB. Split it into several projects.")
        return ScriptSource(text=_decoded(file.read()), form=form)


def _decoded(data: bytes) -> str:
    """UTF-8, UTF-16 by its mark, or what Windows programs write by default."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise forms.ValidationError("This file is no text. Save it as plain text (UTF-8) first.")
