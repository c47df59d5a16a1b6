"""What a request body may hold: the fields that are named, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail


class Body(serializers.Serializer):
    """Base of every serializer that reads a body: a misspelt field is refused, not silently dropped."""

    def to_internal_value(self, data: Any) -> Any:
        """The checked values. Everything wrong is named at once; an unknown field with the known ones."""
        unknown = self._unknown(data)
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            found: Any = error.detail
            raise serializers.ValidationError({**found, **unknown}) from None
        if unknown:
            raise serializers.ValidationError(unknown)
        return values

    def _unknown(self, data: Any) -> dict[str, list[ErrorDetail]]:
        if not isinstance(data, Mapping):
            return {}
        known = [name for name, field in self.fields.items() if not field.read_only]
        detail = ErrorDetail(f"There is no such field. Known here: {', '.join(known)}.", code="unknown")
        return {str(name): [detail] for name in data if name not in known}
