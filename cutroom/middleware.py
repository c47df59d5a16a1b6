"""Ground-floor middleware: request ids and access log, probes, and refusals raised by pages."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from opentelemetry.trace import SpanKind

from cutroom import admission, health, metrics, outages, privacy, tracing
from cutroom.errors import DomainError, NotAuthenticated, PermissionDenied, Unavailable
from cutroom.logs import log_context
from cutroom.pages import redirect_to_login
from cutroom.problems import outage, page_or_problem, problem_response

GetResponse = Callable[[HttpRequest], HttpResponseBase]

logger = logging.getLogger("cutroom.access")

_CROWDED = "Too many people ask at once. Nothing was done; try again in a few seconds."
_CROWDED_SECONDS = 10
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIdMiddleware:
    """Gives every request an id, kept from `X-Request-Id` when that is safe, echoes it, and logs the request.

    The access log names the route, not the path: a path may hold a title, a query a token.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the header X-Request-Id."""
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]  # see TenantRequest
        started = time.monotonic()
        with log_context(request_id=request_id):
            response = self.get_response(request)
            if request.resolver_match is not None:
                _log(request, response, seconds=time.monotonic() - started)
        response["X-Request-Id"] = request_id
        return response


class TraceMiddleware:
    """A span a request, in the caller's trace when it sends `traceparent`. Named by route, like the log."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer inside the span."""
        parent = request.headers.get(tracing.HEADER, "")
        with tracing.span(str(request.method), kind=SpanKind.SERVER, parent=parent) as span:
            response = self.get_response(request)
            if request.resolver_match is not None:
                span.update_name(f"{request.method} {request.resolver_match.route}")
            span.set_attribute("http.response.status_code", response.status_code)
        return response


class ProbeMiddleware:
    """Answers /livez, /readyz and /metrics before the Host header is judged: probes come by address."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The probe's answer, or that of the site for any other path."""
        probe = _PROBES.get(request.path)
        return probe(request) if probe else self.get_response(request)


class AdmissionMiddleware:
    """Says so to a request that waited too long for its turn (see admission.Admission); the rest passes."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """503 with Retry-After for who came too late, before anything is looked up."""
        if getattr(request, "scope", {}).get(admission.LATE):
            return page_or_problem(request, Unavailable(_CROWDED, retry_after=_CROWDED_SECONDS))
        return self.get_response(request)


class RefusalMiddleware:
    """Turns a DomainError raised by a page into its page; DRF handles those of the API."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass through; the work is in process_exception."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Strangers go to the login page and come back; other refusals get the error page."""
        if outages.is_passing(exception):
            return page_or_problem(request, outage(exception))
        if not isinstance(exception, DomainError):
            return None
        if isinstance(exception, NotAuthenticated) and not request.path.startswith("/api/"):
            return redirect_to_login(request)
        return page_or_problem(request, exception)


def _livez(request: HttpRequest) -> HttpResponse:
    """Alive, without looking at anything."""
    return JsonResponse({"status": "ok"})


def _readyz(request: HttpRequest) -> HttpResponse:
    """Ready only when every dependency answers."""
    checks = health.check_all()
    is_ready = all(check["ok"] for check in checks.values())
    body = {"status": "ok" if is_ready else "unavailable", "checks": checks}
    return JsonResponse(body, status=200 if is_ready else 503)


def _metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus, which knows the token, and for this machine."""
    if not privacy.may_read_metrics(request.headers, address=request.META.get("REMOTE_ADDR", "")):
        return problem_response(request, PermissionDenied(privacy.REFUSAL))
    return HttpResponse(metrics.page(), content_type=metrics.CONTENT_TYPE)


_PROBES = {"/livez": _livez, "/readyz": _readyz, "/metrics": _metrics}


def _log(request: HttpRequest, response: HttpResponseBase, *, seconds: float) -> None:
    principal = getattr(request, "principal", None)
    caller = {"tenant_id": principal.tenant_id, "user_id": principal.user_id} if principal else {}
    match = request.resolver_match
    measured = {"status": response.status_code, "seconds": round(seconds, 3)}
    extra = {"method": request.method, "route": match.route if match else "", **measured, **caller}
    logger.info("request", extra=extra)
