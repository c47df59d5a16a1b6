"""Forms of the webhook pages."""

from __future__ import annotations

from typing import Any

from django import forms

from cutroom import outgoing
from cutroom.errors import InvalidInput
from tenants import conf


class EndpointForm(forms.Form):
    """An endpoint's address and what it wants to hear."""

    url = forms.CharField(
        label="Address",
        max_length=500,
        widget=forms.URLInput(attrs={"class": "in", "placeholder": "https://example.org/hooks/cutroom"}),
        help_text="Gets a signed POST for each event and must answer 2xx within 15 seconds.",
        error_messages={"required": "Give the address that is to be told."},
    )
    description = forms.CharField(
        label="Note", max_length=120, required=False, widget=forms.TextInput(attrs={"class": "in"})
    )
    event_types = forms.MultipleChoiceField(
        label="Events",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked means all, also those that come later.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        events = conf.webhook_events().items()
        self.fields["event_types"].choices = [(name, f"{text} ({name})") for name, text in events]  # type: ignore[attr-defined]  # it is a MultipleChoiceField

    def clean_url(self) -> str:
        """Refuse an address that can never be reached from here."""
        try:
            return outgoing.check_url(self.cleaned_data["url"])
        except InvalidInput as error:
            raise forms.ValidationError(error.detail) from error
