"""Forms about what others do for us: a script about a topic, a video on YouTube."""

from __future__ import annotations

from django import forms

from cutroom.errors import DomainError
from rendering import conf
from rendering.form_fields import SpokenField, TextField
from rendering.languages import LANGUAGES, language_problem
from rendering.publishing.models import Privacy


class TopicForm(forms.Form):
    """What a script should be written about."""

    topic = TextField(
        label="Topic",
        max_length=500,
        widget=forms.TextInput(attrs={"class": "in", "dir": "auto", "placeholder": "How a tide mill works"}),
    )
    language = SpokenField(
        label="Language",
        problem=language_problem,
        initial="en",
        choices=LANGUAGES,
        widget=forms.Select(attrs={"class": "in"}),
    )
    scenes = forms.IntegerField(
        label="Scenes",
        min_value=1,
        max_value=conf.MAX_DRAFTED_SCENES,
        initial=6,
        widget=forms.NumberInput(attrs={"class": "in mono"}),
    )


class PublishForm(forms.Form):
    """How a video appears on YouTube."""

    title = TextField(
        label="Title",
        max_length=100,
        widget=forms.TextInput(attrs={"class": "in", "dir": "auto"}),
        required=False,
        help_text="Left empty, it is the render's.",
    )
    description = TextField(
        label="Description",
        max_length=5_000,
        required=False,
        widget=forms.Textarea(attrs={"class": "in", "rows": 5, "dir": "auto"}),
    )
    privacy = forms.ChoiceField(
        label="Who may watch",
        choices=[(value, label.capitalize()) for value, label in Privacy.choices],
        initial=Privacy.PRIVATE,
        widget=forms.RadioSelect,
    )

    def take(self, error: DomainError) -> None:
        """Show a service's refusal at the fields it names, else for the whole form."""
        rows = error.members.get("errors") or [{"field": "", "detail": error.detail}]
        for row in rows:
            self.add_error(row["field"] if row["field"] in self.fields else None, row["detail"])
