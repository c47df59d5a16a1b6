"""SHA-256 beside the work: another core hashes a chunk while this one compresses and writes it."""

from __future__ import annotations

import hashlib
import queue
import threading
from types import TracebackType

# Enough to keep both busy; more would only hold memory.
_WAITING_CHUNKS = 4


class Hasher:
    """Use as a context manager, `feed` every chunk, then read `hexdigest` after leaving it.

    hashlib lets go of the interpreter for large chunks, so a thread is enough.
    """

    def __init__(self) -> None:
        self.size_bytes = 0
        self.hexdigest = ""
        self._chunks: queue.Queue[bytes] = queue.Queue(maxsize=_WAITING_CHUNKS)
        self._thread = threading.Thread(target=self._work, name="export-hash", daemon=True)

    def __enter__(self) -> Hasher:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._chunks.put(b"")
        self._thread.join()

    def feed(self, chunk: bytes) -> None:
        """The next bytes, not empty. Waits while the hashing is behind."""
        self.size_bytes += len(chunk)
        self._chunks.put(chunk)

    def _work(self) -> None:
        digest = hashlib.sha256()
        while chunk := self._chunks.get():
            digest.update(chunk)
        self.hexdigest = digest.hexdigest()
