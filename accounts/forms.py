"""Forms of the sign-in pages."""

from __future__ import annotations

from django import forms

LONGEST_PATH = 200


class EmailForm(forms.Form):
    """Asks for the address a link goes to."""

    email = forms.CharField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(
            attrs={
                "class": "in",
                "autocomplete": "email",
                "autofocus": True,
                "placeholder": "you@example.org",
            }
        ),
        error_messages={"required": "Enter your mail address."},
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_next(self) -> str:
        """A path too long to keep is forgotten: nobody can correct a hidden field."""
        path: str = self.cleaned_data["next"]
        return path if len(path) <= LONGEST_PATH else ""


class CodeForm(forms.Form):
    """Asks for the code of the mail."""

    code = forms.CharField(
        label="Or type the code from the mail",
        max_length=12,
        widget=forms.TextInput(
            attrs={"class": "in code", "inputmode": "numeric", "autocomplete": "one-time-code"}
        ),
        help_text="Six digits. It works once and for 10 minutes.",
        error_messages={"required": "Type the six digits of the mail."},
    )
