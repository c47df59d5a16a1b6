"""Forms of the page /usage."""

from __future__ import annotations

from typing import Any

from django import forms

from metering.meters import Meter
from metering.notices import THRESHOLDS


class AskForm(forms.Form):
    """Ask for a higher limit of one meter."""

    meter = forms.ChoiceField(choices=Meter.choices, widget=forms.HiddenInput)
    wanted = forms.DecimalField(
        label="New limit a month",
        min_value=0,
        max_digits=12,
        decimal_places=3,
        widget=forms.NumberInput(attrs={"class": "in", "step": "any"}),
        error_messages={"required": "Say how much you need, as a number."},
    )
    note = forms.CharField(
        label="What for",
        max_length=1000,
        widget=forms.Textarea(attrs={"class": "in", "rows": 2}),
        error_messages={"required": "Say in a sentence what it is for."},
    )

    def __init__(self, data: Any = None, *, meter: Meter) -> None:
        super().__init__(data, initial={"meter": meter.value})
        if meter.is_level:
            self.fields["wanted"].label = "New limit"
        self.fields["wanted"].help_text = f"In {meter.unit_word or 'pieces'}"


class MailForm(forms.Form):
    """At which thresholds to be mailed."""

    percents = forms.TypedMultipleChoiceField(
        choices=[(percent, f"{percent}%") for percent in THRESHOLDS], coerce=int, required=False
    )
