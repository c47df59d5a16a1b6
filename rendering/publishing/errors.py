"""Refusals of publishing, and what Google says no to."""

from __future__ import annotations

from cutroom.errors import Conflict


class PublishingNotSetUp(Conflict):
    """The operator has set no YouTube client."""

    code = "publishing-not-set-up"
    title = "Publishing to YouTube is not set up here. Ask the operator."


class NoChannel(Conflict):
    """The tenant has connected no channel, or Google no longer accepts the connection."""

    code = "no-channel"
    title = "No YouTube channel is connected. An admin of the workspace can connect one."


class AlreadyPublished(Conflict):
    """This video is on its way to YouTube, or there."""

    code = "already-published"
    title = "This video is on YouTube already, or on its way there."


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
