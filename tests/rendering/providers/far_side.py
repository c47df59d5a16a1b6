"""Providers' APIs on this machine, over real HTTP, which misbehave on demand."""

from __future__ import annotations

import base64
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from PIL import Image

SPEECH_SECONDS = 2.0
SCENES = [
    {"narration": "The tide fills the pond.", "picture": "A pond behind a dam at dawn"},
    {"narration": "The gate falls shut.", "picture": "A wooden gate in a stone wall"},
]


@dataclass
class Request:
    """What one request said."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class FarSide:
    """Where it listens, what it heard, and how it misbehaves: names of `MOODS` in turn, then well."""

    url: str
    moods: list[str] = field(default_factory=list)
    heard: list[Request] = field(default_factory=list)
    for_ever: str = ""

    def mood(self) -> str:
        """How to answer the next request."""
        return self.moods.pop(0) if self.moods else self.for_ever

    def keys(self) -> list[str]:
        """The idempotency keys of all requests."""
        return [request.headers["idempotency-key"] for request in self.heard]


@cache
def picture() -> bytes:
    """A picture as a provider sends it."""
    buffer = BytesIO()
    Image.linear_gradient("L").resize((384, 256)).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


@cache
def speech() -> bytes:
    """An MP3 of two tones with a pause between them."""
    rate = 24_000
    at = np.arange(int(rate * SPEECH_SECONDS)) / rate
    wave = np.sin(2 * np.pi * 220 * at) * np.where((at > 0.8) & (at < 1.2), 0, 0.5)
    samples = (wave * 32_000).astype(np.int16).reshape(1, -1)
    with TemporaryDirectory() as directory:
        path = Path(directory) / "speech.mp3"
        with av.open(str(path), "w", format="mp3") as container:
            stream = container.add_stream("mp3", rate=rate, layout="mono")
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = rate
            resampler = av.AudioResampler(format="s16p", layout="mono", rate=rate, frame_size=1152)
            for piece in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(stream.encode(piece))
            container.mux(stream.encode(None))
        return path.read_bytes()


def _answer(request: Request) -> tuple[str, bytes]:
    """What the real API answers: content type and body."""
    if request.path.endswith("/images/generations"):
        document: dict[str, Any] = {"created": 1, "data": [{"b64_json": _b64(picture())}]}
        return "application/json", json.dumps(document).encode()
    if request.path.endswith("/audio/speech"):
        return "audio/mpeg", speech()
    if "/with-timestamps" in request.path:
        return "application/json", json.dumps(_timed(json.loads(request.body)["text"])).encode()
    if "/stable-image/" in request.path:
        return "image/png", picture()
    content = json.dumps({"title": "The tide mill", "scenes": SCENES})
    document = {"choices": [{"message": {"role": "assistant", "content": f"```json\n{content}\n```"}}]}
    return "application/json", json.dumps(document).encode()


def _timed(text: str) -> dict[str, Any]:
    edges = [SPEECH_SECONDS * place / len(text) for place in range(len(text) + 1)]
    alignment = {
        "characters": list(text),
        "character_start_times_seconds": edges[:-1],
        "character_end_times_seconds": edges[1:],
    }
    return {"audio_base64": _b64(speech()), "alignment": alignment}


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


class _Handler(BaseHTTPRequestHandler):
    far: FarSide

    def do_POST(self) -> None:
        """Hear, and answer in the present mood."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(path=self.path, headers=headers, body=body)
        self.far.heard.append(request)
        kind, content = _answer(request)
        MOODS[self.far.mood()](self, kind, content)

    def log_message(self, *_: object) -> None:
        """Not in the report of the tests."""

    def say(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        """A whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Request-Id", "req_4711")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def pour(self, kind: str, part: bytes, *, pause: float) -> None:
        """An answer without end, until the other side hangs up."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        try:
            while True:
                self.wfile.write(part)
                time.sleep(pause)
        except OSError:
            return

    def hang_up(self) -> None:
        """Break the connection off in the middle, with a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def _error(message: str, **more: str) -> bytes:
    return json.dumps({"error": {"message": message, **more}}).encode()


def _half(handler: _Handler, kind: str, body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.wfile.flush()
    handler.hang_up()


_JSON = "application/json"
MOODS: dict[str, Callable[[_Handler, str, bytes], None]] = {
    "": lambda h, kind, body: h.say(200, kind, body),
    "busy": lambda h, kind, body: h.say(429, _JSON, _error("Slow down."), Retry_After="7"),
    "busy for long": lambda h, kind, body: h.say(429, _JSON, _error("Slow down."), Retry_After="900"),
    "busy, no word": lambda h, kind, body: h.say(429, _JSON, _error("Slow down.")),
    "no money": lambda h, kind, body: h.say(429, _JSON, _error("Pay.", code="insufficient_quota")),
    "fails": lambda h, kind, body: h.say(500, _JSON, _error("Sorry.")),
    "key refused": lambda h, kind, body: h.say(401, _JSON, _error("Incorrect API key provided: sk-123.")),
    "refused": lambda h, kind, body: h.say(400, _JSON, _error("Rejected by the safety system.")),
    "a page": lambda h, kind, body: h.say(200, "text/html", b"<html>Please sign in</html>"),
    "nothing": lambda h, kind, body: h.say(200, kind, b""),
    "garbage": lambda h, kind, body: h.say(200, kind, bytes(range(256)) * 20),
    "another type": lambda h, kind, body: h.say(200, "text/plain", body),
    "endless": lambda h, kind, body: h.pour(kind, b"x" * 1_000_000, pause=0),
    "drips": lambda h, kind, body: h.pour(kind, b"x", pause=0.05),
    "silent": lambda h, kind, body: time.sleep(20),
    "reset": lambda h, kind, body: h.hang_up(),
    "half": _half,
    "redirects inside": lambda h, kind, body: h.say(
        302, "text/html", b"", Location="http://169.254.169.254/latest/meta-data/"
    ),
    "answer lost": lambda h, kind, body: h.hang_up(),
}


@contextmanager
def far_side() -> Iterator[FarSide]:
    """All APIs on a free port of loopback."""
    far = FarSide(url="")
    handler = type("Handler", (_Handler,), {"far": far})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    # Streams that were hung up on are no fault of the test.
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # silence, not a report
    far.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield far
    finally:
        server.shutdown()
        server.server_close()
