"""A TCP proxy before PostgreSQL or Redis that is slow, stalls, slices, resets and cuts on request."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on a port of this machine and passes everything on to a Unix socket. Set its faults at will."""

    def __init__(self, target: str) -> None:
        self.latency_seconds = 0.0
        self.jitter_seconds = 0.0
        self.slice_bytes = 0
        self.is_refusing = False
        self.cut_reply_to: bytes | None = None
        self.cuts = 0
        self.accepted = 0
        self._target = target
        self._flows = threading.Event()
        self._flows.set()
        self._pairs: list[_Pair] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        """Take connections and bytes, pass nothing on."""
        self._flows.clear()

    def flow(self) -> None:
        """Pass on again, what was held back first."""
        self._flows.set()

    def reset(self) -> None:
        """Break every connection with a RST."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.reset()

    def close(self) -> None:
        """The end of the proxy."""
        self.is_refusing = True
        self.flow()
        self._server.close()
        self.reset()

    def pace(self, data: bytes) -> Iterator[bytes]:
        """The pieces of what is passed on, each after its delay."""
        self._flows.wait()
        size = self.slice_bytes or len(data)
        for start in range(0, len(data), size):
            if delay := self.latency_seconds + random.uniform(0, self.jitter_seconds):
                time.sleep(delay)
            yield data[start : start + size]

    def is_to_cut(self, data: bytes) -> bool:
        """Is the server's reply to this to be lost? Once."""
        if self.cut_reply_to is None or self.cut_reply_to not in data:
            return False
        self.cut_reply_to = None
        self.cuts += 1
        return True

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.accepted += 1
            if self.is_refusing:
                _break(client)
                continue
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._target)
            except OSError:
                _break(client)
                continue
            self._pairs.append(_Pair(self, client, server))


class _Pair:
    """One connection on both sides."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._is_mute = False
        for way in (self._to_server, self._to_client):
            threading.Thread(target=way, daemon=True).start()

    def reset(self) -> None:
        _break(self._client)
        _break(self._server)

    def _to_server(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(1 << 16):
                self._is_mute = self._is_mute or self._proxy.is_to_cut(data)
                for piece in self._proxy.pace(data):
                    self._server.sendall(piece)
        # A client that leaves is taken leave of; one that was cut off is still waited for.
        if not self._is_mute:
            self.reset()

    def _to_client(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(1 << 16):
                if self._is_mute:
                    break
                for piece in self._proxy.pace(data):
                    self._client.sendall(piece)
        self.reset()


def _break(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def proxy_before(url: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy before the server that `url` names by its Unix socket, and the address through it."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        proxy = Proxy(unquote(parts.path))
        through = f"redis://127.0.0.1:{proxy.port}/{parse_qs(parts.query)['db'][0]}"
    else:
        proxy = Proxy(f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432")
        credentials = parts.netloc.partition("@")[0]
        # TLS is not asked for: the server beyond speaks over a Unix socket, where there is none.
        netloc, query = f"{credentials}@127.0.0.1:{proxy.port}", "sslmode=disable"
        through = urlunsplit(parts._replace(netloc=netloc, query=query))
    try:
        yield proxy, through
    finally:
        proxy.close()
