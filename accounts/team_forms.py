"""Forms of the team page. They check what a person typed; the services check again for everyone."""

from __future__ import annotations

import re

from django import forms

from accounts import addresses, conf
from cutroom.errors import InvalidInput
from tenants import team
from tenants.models import Role

_MEANINGS = [
    (Role.CREATOR.value, "Creator: makes, sees and changes what the workspace is for"),
    (Role.ADMIN.value, "Admin: also manages members, billing and keys"),
]


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    emails = forms.CharField(
        label="Mail addresses",
        widget=forms.Textarea(attrs={"class": "in", "rows": 3, "spellcheck": "false"}),
        help_text=f"One a line, at most {conf.INVITATIONS_AT_ONCE}. Each gets a mail of its own.",
        error_messages={"required": "Enter at least one mail address."},
    )
    role = forms.ChoiceField(
        label="Role", choices=_MEANINGS, initial=Role.CREATOR.value, widget=forms.RadioSelect
    )

    def clean_emails(self) -> list[str]:
        """The addresses, each once. Those that are none are all named."""
        typed = [word.strip("<>") for word in re.split(r"[\s,;]+", self.cleaned_data["emails"]) if word]
        wrong = [word for word in typed if not _is_address(word)]
        if wrong:
            raise forms.ValidationError(f"These are no mail addresses: {', '.join(wrong[:5])}.")
        if len(typed) > conf.INVITATIONS_AT_ONCE:
            most = conf.INVITATIONS_AT_ONCE
            raise forms.ValidationError(f"{len(typed)} addresses; {most} are possible at once.")
        return typed


class RoleForm(forms.Form):
    """The role a member gets."""

    role = forms.ChoiceField(choices=Role.choices)


class NameForm(forms.Form):
    """The name of the workspace."""

    name = forms.CharField(
        label="Name",
        max_length=team.LONGEST_NAME,
        widget=forms.TextInput(attrs={"class": "in", "dir": "auto", "autocomplete": "organization"}),
        help_text="Your team sees it, and whoever you invite. Links keep working.",
        error_messages={"required": "Give the workspace a name."},
    )


def _is_address(word: str) -> bool:
    try:
        addresses.normalise_email(word)
    except InvalidInput:
        return False
    return True
