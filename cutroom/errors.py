"""The one tree of refusals. Each app's `errors` module subclasses these; `problems` renders them."""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """A request the product refuses on purpose.

    `code` is machine-readable and stable, `status` is the HTTP status, `title` a short sentence that is the
    same for every instance. `detail` says what happened this time and what to do about it. Extra `members`
    become members of the problem document (RFC 9457 section 3.2).
    """

    code = "invalid-request"
    status = 400
    title = "The request was refused"

    def __init__(self, detail: str | None = None, **members: Any) -> None:
        self.detail = detail or self.title
        self.members = members
        super().__init__(self.detail)


class InvalidInput(DomainError):
    """Input that breaks a rule; `errors` lists {"field", "code", "detail"}."""

    code = "invalid-input"
    title = "Some fields need another look"

    def __init__(self, detail: str | None = None, *, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(detail or (errors[0]["detail"] if errors else None), errors=errors or [])


class Unreadable(DomainError):
    """The body is not what its Content-Type says, or no JSON of a sane depth."""

    code = "parse-error"
    title = "The body could not be read"


class UnknownHost(DomainError):
    """The site does not answer to this host name; ALLOWED_HOSTS lists those it does."""

    code = "unknown-host"
    title = "Nothing is served under this host name"


class NotAuthenticated(DomainError):
    """Credentials that are missing, wrong, expired or revoked."""

    code = "not-authenticated"
    status = 401
    title = "Sign in to continue"


class PermissionDenied(DomainError):
    """Known caller, but not allowed."""

    code = "permission-denied"
    status = 403
    title = "You may not do this"


class NotFound(DomainError):
    """Absent, or another tenant's: the answer is the same."""

    code = "not-found"
    status = 404
    title = "Nothing here"


class MethodNotAllowed(DomainError):
    """This path does not know the method; the header Allow lists those it knows."""

    code = "method-not-allowed"
    status = 405
    title = "This path does not know the method"


class NotAcceptable(DomainError):
    """The answer has no form that Accept allows."""

    code = "not-acceptable"
    status = 406
    title = "The answer has no such form"


class Conflict(DomainError):
    """The state of the thing does not allow it now."""

    code = "conflict"
    status = 409
    title = "Not possible in this state"


class TooLarge(DomainError):
    """A request body larger than we read."""

    code = "too-large"
    status = 413
    title = "This request is too large. Send at most 1 MB of JSON; upload files as multipart."


class UnsupportedMediaType(DomainError):
    """Send application/json; files travel as multipart/form-data."""

    code = "unsupported-media-type"
    status = 415
    title = "The body has a form that is not read here"


class RateLimited(DomainError):
    """Too many requests; `retry_after` is in whole seconds and becomes the Retry-After header."""

    code = "rate-limited"
    status = 429
    title = "Too many requests"

    def __init__(self, detail: str | None = None, *, retry_after: int) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """A part we depend on does not answer; the same request may work later."""

    code = "unavailable"
    status = 503
    title = "Not available right now"

    def __init__(self, detail: str | None = None, *, retry_after: int = 5) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
