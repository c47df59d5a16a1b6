"""How this Stripe refuses: in the words and the shape of the real one."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """An answer of 4xx. https://docs.stripe.com/api/errors"""

    def __init__(self, message: str, *, status: int = 400, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.fields = {"type": "invalid_request_error", "message": message, **fields}

    @classmethod
    def missing(cls, kind: str, thing_id: str, *, param: str) -> Refused:
        """There is no such thing."""
        message = f"No such {kind.replace('.', ' ')}: '{thing_id}'"
        return cls(message, status=404, code="resource_missing", param=param)

    @classmethod
    def by_the_bank(cls, code: str, message: str) -> Refused:
        """The card was refused."""
        return cls(message, status=402, type="card_error", code=code)

    @property
    def body(self) -> dict[str, Any]:
        """The document of the answer."""
        return {"error": self.fields}
