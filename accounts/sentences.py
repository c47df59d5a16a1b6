"""What an audit entry says in words."""

from __future__ import annotations

from typing import Any


def detail_of(detail: dict[str, Any]) -> str:
    """The numbers and words of a detail in one line; a refused request as `POST /api/… 403 code`."""
    if "route" in detail:
        return f"{detail['method']} /{detail['route']} {detail['status']} {detail['code']}"
    words = (f"{name} {value}" for name, value in detail.items() if isinstance(value, str | int) and value)
    return ", ".join(words)
