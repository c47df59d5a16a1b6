"""The same POST twice is one deed: `Idempotency-Key`, kept in the transaction of the deed itself.

Follows the IETF draft idempotency-key-header-07: another body under the same key is 422, a request whose
first copy is still running is 409. Refusals are not kept, so a corrected request may use the same key; nor
are answers that must not be stored, such as a new API key. A view under TENANTS_OWN_TRANSACTIONS has no
transaction to share, so its key is claimed before and its answer kept after.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import TypeGuard

from django.core.exceptions import RequestDataTooBig
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from cutroom import clock
from cutroom.errors import InvalidInput, TooLarge
from cutroom.problems import problem_response
from tenants.context import tenant_context, tenant_id_or_none
from tenants.errors import IdempotencyInFlight, IdempotencyMismatch
from tenants.models import IdempotencyRecord

MAX_KEY_LENGTH = 255
MAX_PATH_LENGTH = 255
KEPT_HEADERS = ("Location", "Retry-After", "ETag")
# The status of a key that is claimed and has no answer yet; a claim this old was left by a process that died.
CLAIMED = 0
CLAIM_LASTS = timedelta(minutes=2)


class IdempotencyMiddleware:
    """Replays the first answer of a POST under /api/. Runs inside the tenant's context."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, from memory if this key was answered before."""
        key = request.headers.get("Idempotency-Key", "")
        is_covered = request.method == "POST" and request.path.startswith("/api/")
        if not key or not is_covered or getattr(request, "principal", None) is None:
            return self.get_response(request)
        if len(key) > MAX_KEY_LENGTH:
            return problem_response(request, InvalidInput("Idempotency-Key is longer than 255 characters."))
        try:
            request_hash = _request_hash(request)
        except RequestDataTooBig:
            return problem_response(request, TooLarge())
        if tenant_id_or_none() is None:
            return self._answer_between_transactions(request, key=key, request_hash=request_hash)
        remembered = _look_up(request, key=key, request_hash=request_hash)
        if remembered is not None:
            return remembered
        response = self.get_response(request)
        if _is_worth_keeping(response):
            _keep(request, response, key=key, request_hash=request_hash)
        return response

    def _answer_between_transactions(
        self, request: HttpRequest, *, key: str, request_hash: str
    ) -> HttpResponseBase:
        tenant_id = request.principal.tenant_id  # type: ignore[attr-defined]  # see TenantRequest
        with tenant_context(tenant_id):
            remembered = _look_up(request, key=key, request_hash=request_hash)
            if remembered is not None:
                return remembered
            claim = _claim(request, key=key, request_hash=request_hash)
        response: HttpResponseBase | None = None
        try:
            response = self.get_response(request)
            return response
        finally:
            with tenant_context(tenant_id):
                claim.delete()
                if response is not None and _is_worth_keeping(response):
                    _keep(request, response, key=key, request_hash=request_hash)


def _look_up(request: HttpRequest, *, key: str, request_hash: str) -> HttpResponse | None:
    """The first answer, or why there is none yet; None when this is the first copy."""
    if not _lock(request.path, key):
        return problem_response(request, IdempotencyInFlight())
    record = IdempotencyRecord.objects.filter(path=_path(request), key=key).first()
    if record is None:
        return None
    if record.status != CLAIMED:
        return _replay(request, record, request_hash)
    if clock.now() - record.created_at < CLAIM_LASTS:
        return problem_response(request, IdempotencyInFlight())
    record.delete()
    return None


def _claim(request: HttpRequest, *, key: str, request_hash: str) -> IdempotencyRecord:
    return IdempotencyRecord.objects.create(
        key=key, path=_path(request), request_hash=request_hash, status=CLAIMED, body=b""
    )


def _lock(path: str, key: str) -> bool:
    """One copy at a time; held until the transaction ends, so the record is visible to whoever comes next."""
    with connection.cursor() as cursor:
        name = f"idempotency:{tenant_id_or_none()}:{path}:{key}"
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        (is_locked,) = cursor.fetchone()
    return bool(is_locked)


def _is_worth_keeping(response: HttpResponseBase) -> TypeGuard[HttpResponse]:
    is_secret = "no-store" in response.headers.get("Cache-Control", "")
    return response.status_code < 400 and isinstance(response, HttpResponse) and not is_secret


def _path(request: HttpRequest) -> str:
    """As much as the column holds; the hash of the request has the rest."""
    return request.path[:MAX_PATH_LENGTH]


def _request_hash(request: HttpRequest) -> str:
    digest = hashlib.sha256(request.path.encode())
    if request.content_type == "multipart/form-data":
        # Reading a large upload here would hold it in memory; its length tells most bodies apart.
        digest.update(request.headers.get("Content-Length", "").encode())
    else:
        digest.update(request.body)
    return digest.hexdigest()


def _replay(request: HttpRequest, record: IdempotencyRecord, request_hash: str) -> HttpResponse:
    if record.request_hash != request_hash:
        return problem_response(request, IdempotencyMismatch())
    response = HttpResponse(bytes(record.body), status=record.status, content_type=record.content_type)
    response["Idempotent-Replayed"] = "true"
    for name, value in record.headers.items():
        response[name] = value
    return response


def _keep(request: HttpRequest, response: HttpResponse, *, key: str, request_hash: str) -> None:
    IdempotencyRecord.objects.create(
        key=key,
        path=_path(request),
        request_hash=request_hash,
        status=response.status_code,
        content_type=response.headers.get("Content-Type", "")[:80],
        headers={name: response[name] for name in KEPT_HEADERS if name in response},
        body=response.content,
    )
