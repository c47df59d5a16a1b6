"""Forms of the deeds on limits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from cutroom import clock
from metering.meters import Meter
from metering.models import OverrideKind
from tenants.console.deeds import ReasonForm

_CONSUMED = [(meter.value, str(meter.label).capitalize()) for meter in Meter if not meter.is_level]
_ALL = [(meter.value, str(meter.label).capitalize()) for meter in Meter]
_SELECT = {"class": "in"}
_NUMBER = {"class": "in", "step": "any", "min": "0"}


class UntilForm(ReasonForm):
    """A deed that may end by itself."""

    until = forms.DateField(
        label="Until the end of",
        required=False,
        widget=forms.DateInput(attrs={"class": "in", "type": "date"}),
        help_text="A day, UTC. Leave it empty for no end.",
    )

    def clean_until(self) -> datetime | None:
        """The first moment after that day."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        end = clock.end_of_day(day)
        if end <= clock.now():
            raise forms.ValidationError("That day is over. Choose today or a later one.")
        return end


class OverrideForm(UntilForm):
    """Another limit for one meter."""

    meter = forms.ChoiceField(choices=_ALL, widget=forms.Select(attrs=_SELECT))
    kind = forms.ChoiceField(
        label="How it meets the plan",
        choices=[
            (OverrideKind.AT_LEAST.value, "At least this much: a larger plan still counts"),
            (OverrideKind.EXACTLY.value, "Exactly this much, also when the plan grants more"),
        ],
        widget=forms.Select(attrs=_SELECT),
    )
    limit = forms.DecimalField(
        label="New limit",
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=3,
        widget=forms.NumberInput(attrs=_NUMBER),
        help_text="Minutes, pieces or GB. Leave it empty for unlimited.",
    )

    field_order = ("meter", "limit", "kind", "until", "reason")


class EndOverrideForm(ReasonForm):
    """Which override ends."""

    meter = forms.ChoiceField(choices=_ALL, widget=forms.Select(attrs=_SELECT))

    field_order = ("meter", "reason")


class CreditsForm(UntilForm):
    """Usage given beside the plan."""

    meter = forms.ChoiceField(
        choices=_CONSUMED, initial=Meter.RENDER.value, widget=forms.Select(attrs=_SELECT)
    )
    amount = forms.DecimalField(
        max_digits=12,
        decimal_places=3,
        widget=forms.NumberInput(attrs=_NUMBER),
        help_text="Minutes or pieces, used once the limit is full.",
        error_messages={"required": "Say how much, as a number."},
    )

    field_order = ("meter", "amount", "until", "reason")

    def clean_amount(self) -> Any:
        """More than nothing."""
        if self.cleaned_data["amount"] <= 0:
            raise forms.ValidationError("Give more than nothing.")
        return self.cleaned_data["amount"]


class GrantForm(UntilForm):
    """Grant a request, as it was asked or otherwise."""

    limit = forms.DecimalField(
        label="New limit",
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=3,
        widget=forms.NumberInput(attrs=_NUMBER),
        help_text="Minutes, pieces or GB. Leave it empty for unlimited.",
    )

    field_order = ("limit", "until", "reason")
