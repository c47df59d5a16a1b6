"""Fields that the forms of the rendering pages share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.db.models import TextChoices

Choices = list[tuple[str, str]]


def labelled(choices: type[TextChoices]) -> Choices:
    """The choices of a column with a capital letter each."""
    return [(value, label.capitalize()) for value, label in choices.choices]


class SpokenField(forms.ChoiceField):
    """A language or voice. Like the API it takes all that exist, listed or not, and else names them."""

    def __init__(self, *, problem: Callable[[str], str], **options: Any) -> None:
        super().__init__(**options)
        self._problem = problem

    def validate(self, value: str) -> None:
        """Refuse what does not exist; what is stored stays possible."""
        forms.Field.validate(self, value)
        problem = "" if self.valid_value(value) else self._problem(value)
        if problem:
            raise forms.ValidationError(problem, code="invalid_choice")


class TextField(forms.CharField):
    """Text that no browser cuts: too much of it comes back whole, with the numbers. Line breaks become LF."""

    def to_python(self, value: Any) -> str:
        """Browsers send CRLF; the store has LF, so that an unchanged text stays unchanged."""
        return (super().to_python(value) or "").replace("\r\n", "\n")

    def validate(self, value: Any) -> None:
        """Refuse more than `max_length` characters."""
        super().validate(value)
        most = self.max_length
        if most is not None and len(value) > most:
            detail = f"{len(value):,} characters; {most:,} are possible."
            raise forms.ValidationError(detail, code="max_length")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Without maxlength, which cuts what is pasted and says nothing."""
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


def offer(field: forms.Field, choices: Choices, *, present: str) -> None:
    """Give a field its choices, and the present one if it is none of them."""
    known = present in dict(choices)
    cast(forms.ChoiceField, field).choices = choices if known else [(present, present), *choices]
