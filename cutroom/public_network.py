"""Connections to public addresses only, that end at a deadline. The network below `cutroom.outgoing`."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpcore

SocketOptions = (
    Iterable[tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]] | None
)

# How often a wait looks whether the answer is still wanted.
_TICK_SECONDS = 0.5


class OutgoingCancelled(Exception):
    """Nobody wants the answer any more."""


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


@dataclass(frozen=True)
class Deadline:
    """When to give up, and whether anybody still waits."""

    at: float
    is_cancelled: Callable[[], bool]

    def left(self) -> float:
        """Seconds until the deadline. Raises ReadTimeout after it, OutgoingCancelled when nobody waits."""
        if self.is_cancelled():
            raise OutgoingCancelled
        left = self.at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left


class PublicBackend(httpcore.NetworkBackend):
    """Connects only to public addresses, and only until the deadline."""

    def __init__(self, *, deadline: Deadline, is_private_allowed: bool) -> None:
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
            addresses[0], port, self._deadline.left(), local_address, socket_options
        )
        return _Hurried(stream, self._deadline)


class _Hurried(httpcore.NetworkStream):
    """A stream whose every wait ends at one deadline, so that a drip of bytes cannot stretch it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there before the deadline."""
        while True:
            left = self._deadline.left()
            try:
                return self._stream.read(max_bytes, min(left, _TICK_SECONDS))
            except httpcore.ReadTimeout:
                continue

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write before the deadline."""
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        """Hang up."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on encrypted; the certificate must be the name's, not the address's."""
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left())
        return _Hurried(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks about the connection."""
        return self._stream.get_extra_info(info)
