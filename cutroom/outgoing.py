"""Requests to addresses that a user typed in: public hosts only, one deadline, small answers, no redirect.

The name is resolved here and the connection goes to the address that was checked, so a name that answers
differently the second time (DNS rebinding) reaches nothing inside. OWASP: Server-Side Request Forgery
Prevention Cheat Sheet.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import httpcore
from django.conf import settings

from cutroom.errors import InvalidInput

SocketOptions = (
    Iterable[tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]] | None
)

ANSWER_BYTES = 4_096


class OutgoingError(Exception):
    """The request did not get an answer; the text is safe to show to the user who gave the address."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Status, headers with names in lower case, and the first ANSWER_BYTES of the body."""

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
    problem = _problem_of(url)
    if problem:
        raise OutgoingError(problem)
    deadline = time.monotonic() + seconds
    backend = _PublicBackend(deadline=deadline, is_private_allowed=_is_private_allowed())
    timeouts = {"connect": seconds, "read": seconds, "write": seconds, "pool": seconds}
    try:
        with (
            httpcore.ConnectionPool(
                network_backend=backend, ssl_context=ssl.create_default_context()
            ) as pool,
            pool.stream(
                "POST", url, headers=[*headers.items()], content=body, extensions={"timeout": timeouts}
            ) as response,
        ):
            return Answer(
                status=response.status,
                headers={name.decode().lower(): value.decode("latin-1") for name, value in response.headers},
                body=_beginning(response.iter_stream()),
            )
    except (httpcore.TimeoutException, TimeoutError) as error:
        raise OutgoingError(f"No answer within {seconds:.0f} seconds.") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as error:
        words = re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__
        raise OutgoingError(f"The connection failed: {words}.") from error


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


def _problem_of(url: str) -> str:
    """What is wrong with a URL, in a sentence; empty when nothing is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "This is not an address on the web."
    schemes = {"https", "http"} if _is_private_allowed() else {"https"}
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        return f"Give a full address that begins with {' or '.join(f'{one}://' for one in sorted(schemes))}."
    if parts.username or parts.password:
        return "Leave the user name and password out of the address."
    if not _is_private_allowed() and _is_written_private(parts.hostname):
        return "This address belongs to a private network and cannot be reached from here."
    return ""


def _is_written_private(host: str) -> bool:
    try:
        return not is_public(ip_address(host))
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is one of the whole internet's, also behind an IPv6 that wraps an IPv4."""
    if isinstance(address, IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if wrapped is not None:
            return is_public(wrapped)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast


# RFC 6052: IPv4 addresses as an IPv6 network sees them.
_NAT64 = ip_network("64:ff9b::/96")


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class _PublicBackend(httpcore.NetworkBackend):
    """Connects only to public addresses, and only until the deadline."""

    def __init__(self, *, deadline: float, is_private_allowed: bool) -> None:
        self._deadline = deadline
        self._is_private_allowed = is_private_allowed
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> httpcore.NetworkStream:
        """Resolve, judge every address, and connect to the first."""
        addresses = resolve(host, port)
        if not self._is_private_allowed and not all(is_public(ip_address(one)) for one in addresses):
            raise httpcore.ConnectError("the host is in a private network")
        stream = self._sockets.connect_tcp(
            addresses[0], port, _left(self._deadline), local_address, socket_options
        )
        return _Hurried(stream, self._deadline)


class _Hurried(httpcore.NetworkStream):
    """A stream whose every wait ends at one deadline, so that a drip of bytes cannot stretch it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there before the deadline."""
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write before the deadline."""
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        """Hang up."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on encrypted; the certificate must be the name's, not the address's."""
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _Hurried(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks about the connection."""
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left
