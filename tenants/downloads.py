"""Stored objects over HTTP: Range, If-Range, ETag and HEAD (RFC 9110), never a whole file in memory.

Django's FileResponse knows no ranges. The body is read after the transaction, from storage alone.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from cutroom.errors import NotFound
from cutroom.problems import problem_response
from tenants import storage
from tenants.errors import RangeNotSatisfiable

CHUNK_BYTES = 256 * 1024

# 18 digits are an exabyte; Python refuses to read numbers of thousands of digits.
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True, kw_only=True)
class Span:
    """Bytes `first` to `last`, both included, of `size`."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.last - self.first + 1


def file_response(
    request: HttpRequest, key: str, content_type: str, *, download_name: str | None = None
) -> HttpResponseBase:
    """Answer with a stored object: 200, 206, 304 or 416.

    Raises NotFound when there is no such object. With `download_name` the browser saves it under that name.
    """
    try:
        facts = storage.facts(key)
    except FileNotFoundError:
        raise NotFound() from None
    size, tag = facts.size_bytes, f'"{facts.fingerprint}"'
    if _listed(request.headers.get("If-None-Match", "")) & {tag, "*"}:
        return _with_headers(HttpResponse(status=304), tag, download_name)
    span = _wanted(request, tag, size)
    if span is None:
        refusal = problem_response(request, RangeNotSatisfiable(f"The file has {size} bytes."))
        refusal["Content-Range"] = f"bytes */{size}"
        return _with_headers(refusal, tag, None)
    return _with_headers(_body(request, key, span, content_type=content_type), tag, download_name)


def stream(request: HttpRequest, chunks: Generator[bytes]) -> Generator[bytes] | AsyncIterator[bytes]:
    """`chunks` as the body of an answer to `request`: one is in memory at a time, under WSGI and ASGI.

    They are made after the view has returned, each perhaps in another thread, and never an empty one before
    the end.
    """
    # Django would gather a plain iterator in memory, whole, before an ASGI server sends its first byte.
    return _without_blocking(chunks) if isinstance(request, ASGIRequest) else chunks


def _listed(header: str) -> set[str]:
    return {part.strip().removeprefix("W/") for part in header.split(",") if part.strip()}


def _wanted(request: HttpRequest, tag: str, size: int) -> Span | None:
    """The span to send: the whole without a usable range, None for one that cannot be satisfied."""
    whole = Span(first=0, last=size - 1, size=size)
    match = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    condition = request.headers.get("If-Range", "")
    # RFC 9110 section 14.2 defines ranges for GET alone, and section 13.1.5 the condition.
    is_foreign = request.method != "GET" or (condition and condition != tag)
    if match is None or match.groups() == ("", "") or is_foreign:
        return whole
    start, end = match.groups()
    if not start:
        first, last = max(0, size - int(end)), size - 1
    else:
        first, last = int(start), min(int(end or size), size - 1)
    return Span(first=first, last=last, size=size) if first <= last else None


def _body(request: HttpRequest, key: str, span: Span, *, content_type: str) -> HttpResponseBase:
    is_partial = span.length != span.size
    headers = {"Content-Length": str(span.length)}
    if is_partial:
        headers["Content-Range"] = f"bytes {span.first}-{span.last}/{span.size}"
    status = 206 if is_partial else 200
    if request.method == "HEAD":
        return HttpResponse(status=status, content_type=content_type, headers=headers)
    body = stream(request, _chunks(key, span))
    return StreamingHttpResponse(body, status=status, content_type=content_type, headers=headers)


def _chunks(key: str, span: Span) -> Generator[bytes]:
    # Opened with the first byte: a response that is never sent leaves no file open.
    with storage.open_file(key) as file:
        file.seek(span.first)
        left = span.length
        while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk


async def _without_blocking(chunks: Generator[bytes]) -> AsyncIterator[bytes]:
    try:
        while chunk := await sync_to_async(_next, thread_sensitive=False)(chunks):
            yield chunk
    finally:
        chunks.close()


def _next(chunks: Generator[bytes]) -> bytes:
    return next(chunks, b"")


def _with_headers(response: HttpResponseBase, tag: str, download_name: str | None) -> HttpResponseBase:
    response["ETag"] = tag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-cache"
    if download_name:
        response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(download_name)}"
    return response
