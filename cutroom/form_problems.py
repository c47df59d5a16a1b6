"""The summary over a refused form: what is wrong, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django import forms


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One line of the summary over a refused form: the field to go to, its label, what is wrong."""

    target: str
    label: str
    text: str


def problems_of(form: forms.Form) -> Iterator[Problem]:
    """Everything that is wrong with a form, one line a field."""
    for name, errors in form.errors.items():
        field = form[name] if name in form.fields else None
        target = field.id_for_label if field else ""
        label = str(field.label) if field else ""
        yield Problem(target=target, label=label, text=" ".join(str(error) for error in errors))
