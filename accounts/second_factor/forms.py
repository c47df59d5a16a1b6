"""Forms of the second factor. Passkeys answer in a hidden field that a script fills."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.second_factor import passkeys
from accounts.second_factor.proofs import Proof
from cutroom.errors import DomainError

_CODE = {"class": "in code", "autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
_WORD = {"class": "in mono", "autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


class ProofForm(forms.Form):
    """A code of the app, a recovery code, or a passkey's answer to the challenge."""

    challenge = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    passkey = forms.CharField(required=False, max_length=passkeys.LONGEST_ANSWER, widget=forms.HiddenInput)
    code = forms.CharField(
        required=False,
        label="Code from your authenticator app",
        max_length=12,
        widget=forms.TextInput(attrs=_CODE),
        help_text="Six digits, new every 30 seconds.",
    )
    recovery_code = forms.CharField(
        required=False,
        label="Recovery code",
        max_length=30,
        widget=forms.TextInput(attrs=_WORD),
        help_text="Ten letters and digits, such as h7k2m-4xq9d. Each works once.",
    )

    def clean(self) -> dict[str, Any]:
        """One of the three must be there."""
        data: dict[str, Any] = self.cleaned_data
        if not any(data.get(name) for name in ("passkey", "code", "recovery_code")):
            self.add_error("code", "Type the six digits that your app shows.")
        return data

    def proof(self) -> Proof:
        """What was shown."""
        data = self.cleaned_data
        return Proof(
            code=data["recovery_code"] or data["code"], passkey=passkeys.read_answer(data["passkey"])
        )

    def refuse(self, error: DomainError) -> int:
        """Say what is wrong at the field that was used; returns the status of the page."""
        used = next((name for name in ("recovery_code", "passkey") if self.cleaned_data.get(name)), "code")
        self.add_error(used, error.detail)
        return error.status


class MailCodeForm(forms.Form):
    """Asks for the code of a mail, from somebody who is signed in."""

    code = forms.CharField(
        label="Code from the mail",
        max_length=12,
        widget=forms.TextInput(attrs=_CODE),
        help_text="Six digits. It works once and for 10 minutes.",
        error_messages={"required": "Type the six digits of the mail."},
    )


class AppForm(forms.Form):
    """The first code of a new authenticator app."""

    code = forms.CharField(
        label="Code that the app shows now",
        max_length=12,
        widget=forms.TextInput(attrs=_CODE),
        help_text="Six digits, new every 30 seconds.",
        error_messages={"required": "Type the six digits that your app shows."},
    )


class PasskeyForm(forms.Form):
    """A new passkey, and what its owner calls it."""

    challenge = forms.CharField(max_length=64, widget=forms.HiddenInput)
    passkey = forms.CharField(required=False, max_length=passkeys.LONGEST_ANSWER, widget=forms.HiddenInput)
    name = forms.CharField(
        label="Name",
        max_length=60,
        widget=forms.TextInput(attrs={"class": "in", "autocomplete": "off"}),
        help_text="So that you know it again, such as “Blue security key”.",
        error_messages={"required": "Give it a name."},
    )

    def proof(self) -> Proof:
        """What the authenticator answered."""
        return Proof(passkey=passkeys.read_answer(self.cleaned_data["passkey"]))
