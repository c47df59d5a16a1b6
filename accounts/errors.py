"""Refusals of the accounts app."""

from cutroom.errors import DomainError, NotAuthenticated, PermissionDenied


class LinkInvalid(DomainError):
    """No such link, or a code that does not fit."""

    code = "link-invalid"
    title = "This sign-in link is not valid. Ask for a new one."


class LinkExpired(DomainError):
    """The link is older than its life."""

    code = "link-expired"
    title = "This sign-in link has expired. Ask for a new one."


class LinkUsed(DomainError):
    """The link was used, or a newer one replaced it."""

    code = "link-used"
    title = "This sign-in link was already used. Ask for a new one."


class SessionEnded(NotAuthenticated):
    """The session behind a token is over."""

    code = "session-ended"
    title = "This session has ended. Sign in again."


class BadCredentials(NotAuthenticated):
    """A token or key that does not verify."""

    code = "bad-credentials"
    title = "These credentials are not valid."


class ForeignOrigin(PermissionDenied):
    """A cookie route was called from another site, or without the header that proves a script of ours."""

    code = "foreign-origin"
    title = "Call this from the site itself, with the header X-Requested-With."


class NoWorkspace(PermissionDenied):
    """The person belongs to no workspace that is open to them."""

    code = "no-workspace"
    title = "You are not a member of this workspace, or it is closed."
