"""Forms of API keys on the account page."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms

from accounts import addresses, keyring
from accounts.keyring import Wish
from accounts.models import ApiKey
from cutroom import clock
from tenants import team
from tenants.roles import Scope

_MIDNIGHT = time(tzinfo=UTC)
_RATE = f"Write a whole number from 1 to {keyring.MOST_REQUESTS}."
GRACES = [("0", "0"), ("1", "1 h"), ("24", "24 h"), ("168", "7 days")]


class KeyForm(forms.Form):
    """What a new key shall be."""

    name = forms.CharField(
        label="Name",
        required=False,
        max_length=keyring.LONGEST_NAME,
        widget=forms.TextInput(attrs={"class": "in", "dir": "auto", "autocomplete": "off"}),
        help_text="Which program gets it. Mail about the key names it.",
    )
    scopes = forms.MultipleChoiceField(
        label="May",
        choices=[(scope.value, f"{scope.label[0].upper()}{scope.label[1:]}") for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one thing that the key may do."},
    )
    networks = forms.CharField(
        label="Only from",
        required=False,
        widget=forms.Textarea(attrs={"class": "in mono", "rows": 3, "spellcheck": "false"}),
        help_text=f"Addresses or networks like 203.0.113.0/24, one a line, at most {keyring.MOST_NETWORKS}. "
        "From anywhere when empty.",
    )
    requests_a_minute = forms.IntegerField(
        label="Requests a minute",
        required=False,
        min_value=1,
        max_value=keyring.MOST_REQUESTS,
        widget=forms.NumberInput(attrs={"class": "in", "inputmode": "numeric"}),
        help_text="Half of the workspace’s limit when empty.",
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), _RATE),
    )
    ends_on = forms.DateField(
        label="Last day",
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"class": "in", "type": "date"}),
        help_text="It stops at the end of that day, UTC; admins are told before. Never when empty.",
        error_messages={"invalid": "Write the day like 2027-03-31."},
    )

    def clean_name(self) -> str:
        """The name on one line, with nothing hidden in it."""
        name = " ".join(self.cleaned_data["name"].split())
        if team.has_unseen_marks(name):
            raise forms.ValidationError("The name has characters that cannot be seen. Type it anew.")
        return name

    def clean_networks(self) -> tuple[str, ...]:
        """The networks in CIDR, each once. Those that are none are all named."""
        typed = self.cleaned_data["networks"].replace(",", " ").split()
        found = {word: addresses.as_network(word) for word in typed}
        if wrong := [word[:50] for word, network in found.items() if network is None]:
            raise forms.ValidationError(f"These are no addresses or networks: {', '.join(wrong[:5])}.")
        networks = tuple(dict.fromkeys(network for network in found.values() if network))
        if len(networks) > keyring.MOST_NETWORKS:
            most = keyring.MOST_NETWORKS
            raise forms.ValidationError(f"{len(networks)} networks; {most} are possible.")
        return networks

    def clean_ends_on(self) -> date | None:
        """A day that has not passed, and not further than a key may live."""
        day: date | None = self.cleaned_data["ends_on"]
        today = clock.now().astimezone(UTC).date()
        last = today + timedelta(days=keyring.LONGEST_DAYS - 1)
        if day is not None and not today <= day <= last:
            raise forms.ValidationError(f"Choose a day from today to {last:%Y-%m-%d}.")
        return day

    def wish(self) -> Wish:
        """The checked values."""
        data: dict[str, Any] = self.cleaned_data
        day: date | None = data["ends_on"]
        return Wish(
            name=data["name"],
            scopes=tuple(data["scopes"]),
            networks=data["networks"],
            requests_a_minute=data["requests_a_minute"],
            ends_at=datetime.combine(day + timedelta(days=1), _MIDNIGHT) if day else None,
        )


class GraceForm(forms.Form):
    """For how many hours the old key goes on working."""

    grace_hours = forms.TypedChoiceField(label="The old key works on for", choices=GRACES, coerce=int)


class RevokeForm(forms.Form):
    """The last four characters are typed, so that nobody ends another key by mistake."""

    last4 = forms.CharField(
        label="Type its last four characters",
        max_length=100,
        widget=forms.TextInput(attrs={"class": "in mono", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Type the last four characters of the key. It still works."},
    )

    def __init__(self, *args: Any, key: ApiKey, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._last_four = key.last_four

    def clean_last4(self) -> str:
        """The end of this key and of no other."""
        typed: str = self.cleaned_data["last4"]
        if typed != self._last_four:
            raise forms.ValidationError(f"This key ends in {self._last_four}. It still works.")
        return typed
