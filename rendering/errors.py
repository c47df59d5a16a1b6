"""Refusals of the rendering app."""

from cutroom.errors import Conflict, DomainError, InvalidInput, NotFound


class NothingToRender(Conflict):
    """The project has no scene with a narration or a picture."""

    code = "nothing-to-render"
    title = "There is nothing to render yet. Add a scene with a narration or a picture."


class RenderRunning(Conflict):
    """The job must be final for this; cancel it first."""

    code = "render-running"
    title = "This render is still running. Cancel it first."


class RenderFinished(Conflict):
    """The job is final already."""

    code = "render-finished"
    title = "This render has already ended."


class NotRetryable(Conflict):
    """Only failed or cancelled jobs can be retried."""

    code = "not-retryable"
    title = "Only a failed or cancelled render can be retried."


class JobQuarantined(Conflict):
    """An operator put the render aside; only an operator can try it again."""

    code = "job-quarantined"
    title = "This render was put aside by an operator, who is looking at it. Nothing was charged."


class EditConflict(Conflict):
    """Somebody else saved this project since it was loaded."""

    code = "edit-conflict"
    title = "This project was changed elsewhere since you opened it."


class PreconditionFailed(EditConflict):
    """The If-Match header names an older version of the project (RFC 9110 section 13.1.1)."""

    code = "precondition-failed"
    status = 412


class NobodyWrites(Conflict):
    """This installation has no script provider."""

    code = "no-script-provider"
    title = "Scripts are not written here: the operator has set no script provider."


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


class WrongOffset(Conflict):
    """A piece does not begin where the last one ended; HEAD tells where that is."""

    code = "wrong-offset"
    title = "This piece does not begin where the last one ended. Ask with HEAD and go on from there."


class UploadOver(Conflict):
    """The upload is complete, or was given up."""

    code = "upload-over"
    title = "This upload takes no more bytes."


class TooManyUploads(Conflict):
    """Too many uploads of this workspace are open at once."""

    code = "too-many-uploads"
    title = "Too many uploads are open. Finish or delete one first."


class PieceTooLarge(DomainError):
    """One piece has more bytes than are read at once."""

    code = "piece-too-large"
    status = 413
    title = "This piece is too large. Send smaller ones."


class VideoNotReady(NotFound):
    """The render has no video (yet)."""

    code = "video-not-ready"
    title = "This render has no video yet."


class UnusableFile(InvalidInput):
    """An upload that cannot be used."""

    code = "unusable-file"
    title = "This file cannot be used"


class ScriptTooLong(InvalidInput):
    """More text or more scenes than one project may have."""

    code = "script-too-long"
    title = "This script is too long for one project"


def invalid_field(field: str, code: str, detail: str) -> InvalidInput:
    """A refusal of one field, in a sentence for the person who filled it in."""
    return InvalidInput(errors=[{"field": field, "code": code, "detail": detail}])


def script_too_long(detail: str) -> ScriptTooLong:
    """A refusal of a script that says what would fit."""
    return ScriptTooLong(errors=[{"field": "script", "code": "max_length", "detail": detail}])
