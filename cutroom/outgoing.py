"""Requests to the outside: public hosts only, one deadline, bounded answers, no redirect.

The name is resolved here and the connection goes to the address that was checked, so a name that answers
differently the second time (DNS rebinding) reaches nothing inside. OWASP: Server-Side Request Forgery
Prevention Cheat Sheet.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import httpcore
from django.conf import settings

from cutroom.errors import InvalidInput
from cutroom.public_network import Deadline, OutgoingCancelled, PublicBackend, is_public

__all__ = ["Answer", "OutgoingCancelled", "OutgoingError", "check_url", "fetch", "post"]

ANSWER_BYTES = 4_096


class OutgoingError(Exception):
    """The request did not get an answer; the text is safe to show to the user who gave the address."""


class OutgoingTimeout(OutgoingError):
    """The whole answer was not there in time."""


class OutgoingTooLarge(OutgoingError):
    """The answer is longer than we read."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Status, headers with names in lower case, and the body; that is empty when it went into a file."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def check_url(url: str) -> str:
    """The URL, if a request may go there as far as its text tells.

    Raises InvalidInput for another scheme than https (http too when CUTROOM_OUTGOING_PRIVATE is on), a
    missing host, a user name or password, and a private address written out. Names are judged when used.
    """
    problem = _problem_of(url)
    if problem:
        raise InvalidInput(errors=[{"field": "url", "code": "unusable", "detail": problem}])
    return url


def post(url: str, *, body: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
    """Send `body` and return the answer, whatever its status, within `seconds` in all.

    Raises OutgoingError when the host has no public address, does not answer in time, or breaks off.
    """
    private = _is_private_allowed()
    with (
        _errors_in_words(seconds),
        _sent(
            "POST", url, body=body, headers=headers, seconds=seconds, is_private_allowed=private
        ) as response,
    ):
        return _answer(response, _beginning(response.iter_stream()))


def fetch(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    seconds: float,
    most_bytes: int,
    into: Path | None = None,
    is_private_allowed: bool | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> Answer:
    """Send a request and return the whole answer, whatever its status, within `seconds` in all.

    The body of a success goes into the file `into` when that is given, and is not held in memory.
    `is_private_allowed` is for addresses that the operator chose; the standard is CUTROOM_OUTGOING_PRIVATE.
    Raises OutgoingTooLarge beyond `most_bytes`, OutgoingTimeout, OutgoingError, and OutgoingCancelled soon
    after `is_cancelled` says so.
    """
    private = _is_private_allowed() if is_private_allowed is None else is_private_allowed
    sending = _sent(
        method,
        url,
        body=body,
        headers=headers,
        seconds=seconds,
        is_private_allowed=private,
        is_cancelled=is_cancelled,
    )
    with _errors_in_words(seconds), sending as response:
        parts = _bounded(response.iter_stream(), most_bytes)
        if into is None or response.status != 200:
            return _answer(response, b"".join(parts))
        with into.open("wb") as file:
            file.writelines(parts)
        return _answer(response, b"")


@contextmanager
def _sent(
    method: str,
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    seconds: float,
    is_private_allowed: bool,
    is_cancelled: Callable[[], bool] | None = None,
) -> Iterator[httpcore.Response]:
    problem = _problem_of(url, is_private_allowed=is_private_allowed)
    if problem:
        raise OutgoingError(problem)
    deadline = Deadline(time.monotonic() + seconds, is_cancelled or _never)
    backend = PublicBackend(deadline=deadline, is_private_allowed=is_private_allowed)
    timeouts = {"connect": seconds, "read": seconds, "write": seconds, "pool": seconds}
    with (
        httpcore.ConnectionPool(network_backend=backend, ssl_context=ssl.create_default_context()) as pool,
        pool.stream(
            method, url, headers=[*headers.items()], content=body, extensions={"timeout": timeouts}
        ) as response,
    ):
        yield response


@contextmanager
def _errors_in_words(seconds: float) -> Iterator[None]:
    try:
        yield
    except (httpcore.TimeoutException, TimeoutError) as error:
        raise OutgoingTimeout(f"No answer within {seconds:.0f} seconds.") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as error:
        words = re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__
        raise OutgoingError(f"The connection failed: {words}.") from error


def _answer(response: httpcore.Response, body: bytes) -> Answer:
    named = {name.decode().lower(): value.decode("latin-1") for name, value in response.headers}
    return Answer(status=response.status, headers=named, body=body)


def _bounded(parts: Iterable[bytes], most_bytes: int) -> Iterator[bytes]:
    read = 0
    for part in parts:
        read += len(part)
        if read > most_bytes:
            raise OutgoingTooLarge(f"The answer is longer than {most_bytes / 1_000_000:g} MB.")
        yield part


def _beginning(parts: Iterable[bytes]) -> bytes:
    body = b""
    for part in parts:
        body += part
        if len(body) >= ANSWER_BYTES:
            break
    return body[:ANSWER_BYTES]


def _is_private_allowed() -> bool:
    """CUTROOM_OUTGOING_PRIVATE: for development, and for installations whose receivers are in-house."""
    return bool(getattr(settings, "CUTROOM_OUTGOING_PRIVATE", False))


def _problem_of(url: str, *, is_private_allowed: bool | None = None) -> str:
    """What is wrong with a URL, in a sentence; empty when nothing is."""
    is_private_allowed = _is_private_allowed() if is_private_allowed is None else is_private_allowed
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "This is not an address on the web."
    schemes = {"https", "http"} if is_private_allowed else {"https"}
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        return f"Give a full address that begins with {' or '.join(f'{one}://' for one in sorted(schemes))}."
    if parts.username or parts.password:
        return "Leave the user name and password out of the address."
    if not is_private_allowed and _is_written_private(parts.hostname):
        return "This address belongs to a private network and cannot be reached from here."
    return ""


def _is_written_private(host: str) -> bool:
    try:
        return not is_public(ip_address(host))
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def _never() -> bool:
    return False
