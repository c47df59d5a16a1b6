"""What Google says no to. Refusals of our own are in rendering/errors.py."""

from __future__ import annotations


class GoogleError(Exception):
    """Google did not do what it was asked.

    `code` is stable, `detail` a sentence for people. `wait_seconds` says when it may work, None that never.
    `is_connection_lost` when nothing will work until somebody connects the channel again.
    """

    def __init__(
        self, code: str, detail: str, *, wait_seconds: float | None = None, is_connection_lost: bool = False
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.wait_seconds = wait_seconds
        self.is_connection_lost = is_connection_lost


class SessionLost(Exception):
    """Google no longer knows the upload that was begun."""
