"""Forms of the brand kit's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from cutroom.errors import InvalidInput
from rendering.brand_models import Brand
from rendering.choices import Corner, Font
from rendering.form_fields import TextField, labelled

Data = Mapping[str, Any] | None


def _colour_input(example: str) -> forms.TextInput:
    return forms.TextInput(
        attrs={"class": "in mono", "placeholder": example, "maxlength": 7, "spellcheck": "false"}
    )


def _line() -> forms.TextInput:
    return forms.TextInput(attrs={"class": "in", "dir": "auto"})


class BrandForm(forms.Form):
    """The brand kit. Whether its colours can be read is said by brands.change."""

    paper = forms.CharField(label="Paper", required=False, widget=_colour_input("#f4f2ec"))
    ink = forms.CharField(label="Ink", required=False, widget=_colour_input("#1b1916"))
    accent = forms.CharField(label="Accent", required=False, widget=_colour_input("#be3218"))
    font = forms.ChoiceField(
        label="Letters", choices=labelled(Font), required=False, widget=forms.Select(attrs={"class": "in"})
    )
    corner = forms.ChoiceField(
        label="Logo in the picture", choices=labelled(Corner), widget=forms.Select(attrs={"class": "in"})
    )
    intro_title = TextField(label="Title before the video", max_length=120, required=False, widget=_line())
    intro_text = TextField(label="Line below it", max_length=200, required=False, widget=_line())
    outro_title = TextField(label="Title after the video", max_length=120, required=False, widget=_line())
    outro_text = TextField(label="Line below it", max_length=200, required=False, widget=_line())

    def __init__(self, data: Data = None, *, brand: Brand) -> None:
        super().__init__(data, initial={name: getattr(brand, name) for name in self.base_fields})

    def take(self, error: InvalidInput) -> None:
        """Show a refusal at the fields it names."""
        for row in error.members["errors"]:
            self.add_error(row["field"], row["detail"])


class LogoForm(forms.Form):
    """A logo."""

    logo = forms.FileField(
        label="Logo file",
        help_text="PNG, JPEG or WebP. Transparent parts stay transparent.",
        widget=forms.FileInput(attrs={"class": "in", "accept": "image/png,image/jpeg,image/webp"}),
    )
