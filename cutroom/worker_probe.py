"""What a worker answers over HTTP: /livez for whoever restarts it, /metrics for Prometheus."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cutroom import metrics, privacy

BEAT_SECONDS = 5.0
# A worker whose loop stood still this long waits for a broker that will not speak to it again.
_LONGEST_SILENCE_SECONDS = 60.0


class Pulse:
    """When the worker's event loop last went round."""

    def __init__(self) -> None:
        self._beaten_at = time.monotonic()

    def beat(self) -> None:
        """It goes round now."""
        self._beaten_at = time.monotonic()

    @property
    def is_alive(self) -> bool:
        """Did it, lately?"""
        return time.monotonic() - self._beaten_at < _LONGEST_SILENCE_SECONDS


def serve(port: int, *, pulse: Pulse) -> ThreadingHTTPServer:
    """Answer on `port` of every address, in a thread of its own, until the process ends."""
    server = _Server(port, pulse)
    threading.Thread(target=server.serve_forever, name="worker-probe", daemon=True).start()
    return server


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, pulse: Pulse) -> None:
        super().__init__(("", port), _Answer)
        self.pulse = pulse


class _Answer(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """The probe's answer; 404 for any other path."""
        if self.path == "/livez":
            is_alive = self.server.pulse.is_alive
            self._send(200 if is_alive else 503, b"ok\n" if is_alive else b"standing still\n")
        elif self.path == "/metrics":
            self._send_metrics()
        else:
            self._send(404, b"")

    def _send_metrics(self) -> None:
        if not privacy.may_read_metrics(self.headers, address=self.client_address[0]):
            self._send(403, privacy.REFUSAL.encode())
            return
        self._send(200, metrics.page(only_local=True))

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", metrics.CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Probes are not worth a line each."""
