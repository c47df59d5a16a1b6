"""Ground-floor middleware: request ids, health, and refusals raised by pages."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from cutroom import health
from cutroom.errors import DomainError, NotAuthenticated
from cutroom.logs import request_context
from cutroom.pages import redirect_to_login
from cutroom.problems import page_or_problem

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIdMiddleware:
    """Gives every request an id, kept from `X-Request-Id` when that is safe, and echoes it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the header X-Request-Id."""
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]  # see TenantRequest
        with request_context(request_id=request_id):
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


class HealthMiddleware:
    """Answers /livez and /readyz before the Host header is judged: probes come by address."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Alive without looking at anything; ready only when every dependency answers."""
        if request.path == "/livez":
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz":
            checks = health.check_all()
            is_ready = all(check["ok"] for check in checks.values())
            body = {"status": "ok" if is_ready else "unavailable", "checks": checks}
            return JsonResponse(body, status=200 if is_ready else 503)
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
        if not isinstance(exception, DomainError):
            return None
        if isinstance(exception, NotAuthenticated) and not request.path.startswith("/api/"):
            return redirect_to_login(request)
        return page_or_problem(request, exception)
