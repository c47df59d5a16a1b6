"""Fields and links the resources share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse
from rest_framework import serializers


class Choice(serializers.ChoiceField):
    """A choice whose refusal names what can be chosen."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        names = ", ".join(str(name) for name in self.choices)
        self.error_messages["invalid_choice"] = f'"{{input}}" is not possible here. Choose one of: {names}.'


def without(problem: str, value: str) -> str:
    """The value, unless there is a problem with it. Raises ValidationError."""
    if problem:
        raise serializers.ValidationError(problem)
    return value


def link(name: str, *args: str | UUID) -> str:
    """The path of a resource of this API."""
    return reverse(f"rendering:{name}", args=args)
