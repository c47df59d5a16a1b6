"""The only maker of `application/problem+json` (RFC 9457). Every refusal leaves the house through here."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions as drf
from rest_framework.response import Response

from cutroom import outages
from cutroom.errors import (
    DomainError,
    InvalidInput,
    MethodNotAllowed,
    NotAcceptable,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    RateLimited,
    TooLarge,
    Unavailable,
    Unreadable,
    UnsupportedMediaType,
)

CONTENT_TYPE = "application/problem+json"

logger = logging.getLogger(__name__)


def problem_body(error: DomainError, *, request_id: str) -> dict[str, Any]:
    """The problem document of a refusal: type, title, status, detail, code, request_id and its members."""
    return {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
        **error.members,
    }


def problem_response(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Answer with the refusal as a problem document."""
    body = problem_body(error, request_id=getattr(request, "request_id", ""))
    response = HttpResponse(json.dumps(body), status=error.status, content_type=CONTENT_TYPE)
    _add_headers(response, error)
    return response


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception hook: every handled exception becomes a problem document, others stay bugs."""
    error = as_domain_error(exc)
    if error is None:
        return None
    request = context["request"]
    body = problem_body(error, request_id=getattr(request, "request_id", ""))
    response = Response(body, status=error.status, content_type=CONTENT_TYPE)
    response.exception = True
    response.is_conflict = outages.is_conflict(exc)  # type: ignore[attr-defined]  # the tenant's middleware asks
    _add_headers(response, error)
    return response


def as_domain_error(exc: Exception) -> DomainError | None:
    """Translate Django's and DRF's own refusals into ours; None for anything that is a bug."""
    for kinds, translate in _TRANSLATIONS:
        if isinstance(exc, kinds):
            return translate(exc)
    return outage(exc) if outages.is_passing(exc) else None


def outage(exc: BaseException) -> Unavailable:
    """The refusal while the database cannot answer; logged, because no bug report will follow."""
    logger.warning("database_unavailable", extra={"sqlstate": outages.code_of(exc)})
    return Unavailable("The database does not answer right now. Nothing was changed; try again in a moment.")


def page_or_problem(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A refusal for whoever asked: a problem document under /api/, the error page elsewhere."""
    if request.path.startswith("/api/"):
        return problem_response(request, error)
    context = {"error": error, "request_id": getattr(request, "request_id", "")}
    response = render(request, "error.html", context, status=error.status)
    _add_headers(response, error)
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return page_or_problem(request, NotFound())


@csrf_exempt
def no_such_endpoint(request: HttpRequest, path: str) -> HttpResponse:
    """Any other path under /api/: a problem document, also where Django would show its debug page."""
    return problem_response(request, NotFound("There is no such endpoint; see /api/docs."))


def no_such_page(request: HttpRequest) -> HttpResponse:
    """Any other path: our own page, also where Django would show its debug page."""
    return page_or_problem(request, NotFound())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return page_or_problem(request, PermissionDenied())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return page_or_problem(request, DomainError("The request could not be read."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    return page_or_problem(
        request, PermissionDenied("This form came from another page or is too old. Reload and try again.")
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: needs no database, no session and no template context."""
    error = sys.exception()
    return page_or_problem(request, outage(error) if error and outages.is_passing(error) else _Bug())


class _Bug(DomainError):
    """A fault of ours. It is logged under the request id; tell us that."""

    code = "internal"
    status = 500
    title = "Sorry, Cutroom has a problem"


# First match wins.
_TRANSLATIONS: list[tuple[Any, Callable[[Any], DomainError]]] = [
    (DomainError, lambda exc: exc),
    (RequestDataTooBig, lambda exc: TooLarge()),
    ((Http404, drf.NotFound), lambda exc: NotFound()),
    ((DjangoPermissionDenied, drf.PermissionDenied), lambda exc: PermissionDenied(str(exc) or None)),
    ((drf.NotAuthenticated, drf.AuthenticationFailed), lambda exc: NotAuthenticated()),
    (drf.ValidationError, lambda exc: InvalidInput(errors=list(_field_errors(exc.detail)))),
    (drf.Throttled, lambda exc: RateLimited(retry_after=int(exc.wait or 1))),
    (drf.ParseError, lambda exc: Unreadable(str(exc.detail))),
    (drf.MethodNotAllowed, lambda exc: MethodNotAllowed(str(exc.detail))),
    (drf.NotAcceptable, lambda exc: NotAcceptable(str(exc.detail))),
    (drf.UnsupportedMediaType, lambda exc: UnsupportedMediaType(str(exc.detail))),
]


def _field_errors(detail: Any, *, path: str = "") -> Any:
    """Flatten DRF's nested error detail into {"field", "code", "detail"} rows."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _field_errors(value, path=f"{path}.{key}" if path else str(key))
    elif isinstance(detail, list):
        for index, item in enumerate(detail):
            nested = isinstance(item, dict | list)
            yield from _field_errors(item, path=f"{path}.{index}" if nested and path else path)
    else:
        yield {
            "field": path or "non_field_errors",
            "code": getattr(detail, "code", "invalid"),
            "detail": str(detail),
        }


def _add_headers(response: HttpResponse, error: DomainError) -> None:
    # The audit log names the refusal without reading the body.
    response.problem_code = error.code  # type: ignore[attr-defined]  # responses carry what they are given
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    response["Cache-Control"] = "no-store"
