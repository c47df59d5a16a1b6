"""What a request body may hold: the fields that are named, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


class Body(serializers.Serializer):
    """Base of every serializer that reads a body: a misspelt field is refused, not silently dropped."""

    def to_internal_value(self, data: Any) -> Any:
        """The checked values. Unknown fields are named together with the known ones."""
        unknown = [name for name in data if name not in self._known()] if isinstance(data, Mapping) else []
        if unknown:
            detail = f"There is no such field. Known here: {', '.join(self._known())}."
            raise serializers.ValidationError({str(name): detail for name in unknown}, code="unknown")
        return super().to_internal_value(data)

    def _known(self) -> list[str]:
        return [name for name, field in self.fields.items() if not field.read_only]
