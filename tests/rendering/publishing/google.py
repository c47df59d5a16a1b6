"""Google on this machine: OAuth, the channel, and resumable uploads that can be cut off and looked at."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass
class Session:
    """One upload that was begun."""

    snippet: dict[str, Any]
    total: int
    received: bytearray = field(default_factory=bytearray)
    video_id: str = ""


@dataclass
class Google:
    """What it knows. `moods` answers the next requests of the API otherwise: (status, body)."""

    url: str
    sessions: dict[str, Session] = field(default_factory=dict)
    moods: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    token_requests: list[dict[str, str]] = field(default_factory=list)
    is_revoking: bool = True
    has_channel: bool = True
    privacy: str = ""
    granted: bool = True

    @property
    def videos(self) -> list[Session]:
        """Uploads that became a video."""
        return [session for session in self.sessions.values() if session.video_id]


def refusal(status: int, reason: str) -> tuple[int, dict[str, Any]]:
    """An error as the API words it."""
    error = {"code": status, "message": "No.", "errors": [{"reason": reason, "message": "No."}]}
    return status, {"error": error}


class _Handler(BaseHTTPRequestHandler):
    google: Google
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Whose channel is it?"""
        items = [{"id": "UC4711", "snippet": {"title": "Tide Mills"}}] if self.google.has_channel else []
        self._say(200, {"items": items})

    def do_POST(self) -> None:
        """A token, its revocation, or the beginning of an upload."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/token"):
            self._token({name: values[0] for name, values in parse_qs(body.decode()).items()})
        elif self.path.startswith("/revoke"):
            self.google.revoked.append(parse_qs(body.decode())["token"][0])
            self._say(200 if self.google.is_revoking else 500, {})
        elif self.google.moods:
            self._say(*self.google.moods.pop(0))
        else:
            self._begin(json.loads(body))

    def do_PUT(self) -> None:
        """A chunk, or the question how much is there."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        session = self.google.sessions.get(self.path)
        if self.google.moods:
            self._say(*self.google.moods.pop(0))
        elif session is None:
            self._say(*refusal(404, "notFound"))
        else:
            self._take(session, body)

    def log_message(self, *_: object) -> None:
        """Not in the report of the tests."""

    def _token(self, form: dict[str, str]) -> None:
        self.google.token_requests.append(form)
        if not self.google.granted:
            self._say(400, {"error": "invalid_grant"})
            return
        tokens = {"access_token": "access-1", "expires_in": 3600, "token_type": "Bearer"}
        if form["grant_type"] == "authorization_code":
            tokens["refresh_token"] = f"refresh-{form['code']}"
        self._say(200, tokens)

    def _begin(self, document: dict[str, Any]) -> None:
        assert self.headers["Authorization"] == "Bearer access-1"
        assert "uploadType=resumable" in self.path
        path = f"/upload/session-{uuid.uuid4().hex}"
        total = int(self.headers["X-Upload-Content-Length"])
        self.google.sessions[path] = Session(snippet=document, total=total)
        self._say(200, {}, Location=f"{self.google.url}{path}")

    def _take(self, session: Session, body: bytes) -> None:
        span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", self.headers.get("Content-Range", ""))
        if span and not session.video_id and int(span[1]) == len(session.received):
            session.received += body
        if len(session.received) < session.total:
            seen = {"Range": f"bytes=0-{len(session.received) - 1}"} if session.received else {}
            self._say(308, {}, **seen)
            return
        # Asked again, it says the same video again.
        session.video_id = session.video_id or hashlib.sha256(session.received).hexdigest()[:11]
        privacy = self.google.privacy or session.snippet["status"]["privacyStatus"]
        self._say(200, {"id": session.video_id, "status": {"privacyStatus": privacy}})

    def _say(self, status: int, document: dict[str, Any], **headers: str) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def google() -> Iterator[Google]:
    """Google on a free port of loopback."""
    found = Google(url="")
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"google": found}))
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
