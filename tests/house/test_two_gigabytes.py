"""Two gigabytes over a real connection that is cut three times arrive whole, and become a clip."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.house.installations import Installation, installation
from tests.rendering.intake.files import make_video

__all__ = ["installation"]

SIZE = 2 * 1024**3
PIECE = 64 * 1024**2
CUT_AFTER = (1_000_000, 40_000_000, 63_000_000)  # bytes of the pieces 0, 1 and 2 that get through
MOST_BYTES = 500 * 1024**2
TUS = {"Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}


class Sender:
    """Sends pieces of a file, as a browser or a tus client would."""

    def __init__(self, site: str, path: Path) -> None:
        self.path = path
        self.http = httpx.Client(base_url=site, timeout=60, trust_env=False)
        link = self.http.post("/api/auth/magic-link/request", json={"email": "ada@example.org"}).json()
        token = link["magic_link"].partition("?token=")[2]
        session = self.http.post("/api/auth/magic-link/verify", json={"token": token}).json()
        self.http.headers["Authorization"] = f"Bearer {session['access_token']}"
        body = {"name": "long.mp4", "size": SIZE}
        self.address = self.http.post("/api/v1/projects/test/uploads", json=body).headers["Location"]

    def offset(self) -> int:
        """Where the server says to go on."""
        return int(self.http.head(self.address).headers["Upload-Offset"])

    def piece(self, offset: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(PIECE)

    def send(self, offset: int) -> None:
        headers = {**TUS, "Upload-Offset": str(offset)}
        answer = self.http.patch(self.address, content=self.piece(offset), headers=headers)
        assert answer.status_code == 204, answer.text

    def send_and_break_off(self, offset: int, *, after: int) -> None:
        """The first bytes of a piece, and then the line is dead."""
        site = urlsplit(str(self.http.base_url))
        head = [
            f"PATCH {urlsplit(self.address).path} HTTP/1.1",
            f"Host: {site.netloc}",
            f"Authorization: {self.http.headers['Authorization']}",
            f"Upload-Offset: {offset}",
            f"Content-Length: {PIECE}",
            *(f"{name}: {value}" for name, value in TUS.items()),
        ]
        with socket.create_connection((str(site.hostname), site.port or 80)) as line:
            line.sendall("\r\n".join([*head, "", ""]).encode() + self.piece(offset)[:after])
            # RST instead of FIN: nobody says goodbye.
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def outcome(self) -> dict[str, Any]:
        """The upload once a worker has looked at it."""
        while (upload := self.http.get(self.address).json())["state"] not in ("ready", "failed"):
            time.sleep(0.5)
        return dict(upload)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A short film with a long box of nothing behind it, as a sparse file (ISO 14496-12, 8.1.2)."""
    path = make_video(tmp_path / "long.mp4", seconds=1)
    with path.open("r+b") as file:
        file.seek(0, 2)
        file.write(struct.pack(">I4sQ", 1, b"free", SIZE - file.tell()))
        file.truncate(SIZE)
    return path


@pytest.fixture
def sender(installation: Installation, film: Path) -> Iterator[Sender]:
    installation.start()
    sender = Sender(installation.url, film)
    yield sender
    sender.http.close()


@pytest.mark.slow
def test_two_gigabytes_cut_off_three_times_become_a_clip(installation: Installation, sender: Sender) -> None:
    pieces, cuts = 0, list(CUT_AFTER)
    while (offset := sender.offset()) < SIZE:
        if cuts:
            sender.send_and_break_off(offset, after=cuts.pop(0))
            offset = sender.offset()
        sender.send(offset)
        pieces += 1
    assert pieces <= SIZE // PIECE + len(CUT_AFTER)
    upload = sender.outcome()
    assert upload["state"] == "ready", upload
    memory = {
        command: psutil.Process(pid).memory_info().rss for pid, command in installation.processes().items()
    }
    assert max(memory.values()) < MOST_BYTES, memory
