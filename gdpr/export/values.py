"""Values as they stand in an export, and back: JSON keeps their shape, CSV is for spreadsheets."""

from __future__ import annotations

import base64
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

MASK = "operator"
_TEXT, _BASE64 = "text:", "base64:"
# A spreadsheet would run a cell that begins like a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain(value: Any) -> Any:
    """A column's value as JSON can hold it; bytes become text when they are, else base64."""
    if isinstance(value, bytes | memoryview | bytearray):
        return _bytes_as_text(bytes(value))
    return value


def masked(value: Any) -> Any:
    """What stands for an id that is somebody else's."""
    return value if value is None else MASK


def as_json(row: dict[str, Any]) -> str:
    """One row on one line."""
    return json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)


def as_cell(value: Any) -> str:
    """One value of a CSV row; a leading apostrophe keeps spreadsheets from running text as a formula."""
    if value is None:
        return ""
    if isinstance(value, dict | list | bool):
        return as_json(value)  # type: ignore[arg-type]  # any JSON value
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def restored(field: models.Field[Any, Any], value: Any) -> Any:
    """The value of a model's field from what an export says. Raises ValidationError or ValueError."""
    if value is None:
        return None
    if isinstance(field, models.BinaryField):
        return _text_as_bytes(str(value))
    if isinstance(field, models.ForeignKey):
        return field.target_field.to_python(value)
    return field.to_python(value)


def _bytes_as_text(value: bytes) -> str:
    try:
        return _TEXT + value.decode()
    except UnicodeDecodeError:
        return _BASE64 + base64.b64encode(value).decode()


def _text_as_bytes(value: str) -> bytes:
    if value.startswith(_TEXT):
        return value.removeprefix(_TEXT).encode()
    return base64.b64decode(value.removeprefix(_BASE64), validate=True)
