"""Where the embedded servers keep their data, sockets and locks."""

from __future__ import annotations

import fcntl
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the final NUL included.
_SOCKET_PATH_BYTES = 103


def var_dir() -> Path:
    """The directory for everything the installation writes: $CUTROOM_VAR, or `var` in the checkout."""
    chosen = os.environ.get("CUTROOM_VAR")
    return Path(chosen).absolute() if chosen else Path(__file__).parents[2] / "var"


@dataclass(frozen=True)
class Place:
    """One server's private directory (mode 0700), `<var>/<name>`."""

    var: Path
    name: str
    socket_name: str

    @property
    def root(self) -> Path:
        """The directory itself."""
        return self.var / self.name

    @property
    def data(self) -> Path:
        """Where the server keeps its files."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """The server's own output since its last start."""
        return self.var / "log" / f"{self.name}.log"

    @property
    def socket(self) -> Path:
        """The path of the server's Unix socket, whether or not anyone listens there."""
        return self.socket_directory / self.socket_name

    @property
    def socket_directory(self) -> Path:
        """`<root>/socket`, or the recorded place elsewhere when that path is too long for a socket."""
        return Path(self._record.read_text()) if self._record.exists() else self._preferred

    def create(self) -> None:
        """Make the directories that do not exist yet; each is private from its first moment."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log.parent.mkdir(exist_ok=True)
        if self.socket_directory.is_dir():
            return
        if len(os.fsencode(self._preferred / self.socket_name)) <= _SOCKET_PATH_BYTES:
            self._record.unlink(missing_ok=True)
            self._preferred.mkdir(mode=0o700)
        else:
            self._record.write_text(tempfile.mkdtemp(prefix=f"cutroom-{self.name}-"))

    def try_lock(self) -> int | None:
        """Take the server's life lock and return its descriptor, or None while a server holds it.

        The descriptor is handed to the server, so the kernel keeps the lock exactly as long as one of its
        processes lives. A process id proves nothing: it may be reused, or belong to a zombie.
        """
        descriptor = os.open(self.root / "life.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    @property
    def _preferred(self) -> Path:
        return self.root / "socket"

    @property
    def _record(self) -> Path:
        return self.root / "socket-directory"
