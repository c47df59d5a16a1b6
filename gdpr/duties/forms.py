"""Forms of the privacy duties: what a person asks for, and what an operator answers."""

from __future__ import annotations

from typing import Any

from django import forms

from gdpr.duties.models import PrivacyRequest, RequestKind

LONGEST_TEXT = 4_000


class RequestForm(forms.Form):
    """What a person asks for; the address is known of whoever is signed in."""

    kind = forms.ChoiceField(
        label="I want to", choices=RequestKind.choices, widget=forms.Select(attrs={"class": "in"})
    )
    text = forms.CharField(
        label="What it is about",
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"class": "in", "rows": 5}),
        help_text="For example what is wrong and what is right. No copy of an identity card is needed.",
    )
    email = forms.CharField(
        label="Your mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"class": "in", "autocomplete": "email"}),
        error_messages={"required": "Enter the mail address the answer goes to."},
    )

    def __init__(self, *args: Any, is_known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_known:
            del self.fields["email"]


class AnswerForm(forms.ModelForm):
    """The two things an operator does with a request: extend it once, or close it. Both are mailed."""

    class Meta:
        model = PrivacyRequest
        fields = ("extension_reason", "outcome", "answer")

    def clean(self) -> dict[str, Any]:
        """One of the two, as a whole."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("outcome") and not str(given.get("answer", "")).strip():
            self.add_error("answer", "Write a sentence; it is mailed to the person.")
        if given.get("answer") and not given.get("outcome"):
            self.add_error("outcome", "Say how it ended.")
        return given
