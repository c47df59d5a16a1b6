"""Child processes that cannot outlive us: own process group, parent-death signal, log file."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cutroom.embedded.privileges import Identity, become

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Lifeline:
    """A helper that signals the child when our end of its pipe closes, for systems without a death signal."""

    helper: subprocess.Popen[bytes]

    def release(self) -> None:
        """The child has ended as wished: tell the helper to do nothing, and wait for it."""
        pipe = self.helper.stdin
        if pipe is not None and self.helper.poll() is None:
            try:
                pipe.write(b".")
                pipe.close()
            except BrokenPipeError:
                pass
        self.helper.wait()


@dataclass(frozen=True)
class Child:
    """A process started by us, the leader of its own process group."""

    name: str
    process: subprocess.Popen[bytes]
    lifeline: Lifeline | None = None

    @property
    def is_running(self) -> bool:
        """Whether the process itself has not ended yet."""
        return self.process.poll() is None

    def stop(self, *signals: tuple[signal.Signals, float]) -> None:
        """Send each signal in turn and wait up to its seconds; SIGKILL what is left, the group included."""
        for signum, patience_seconds in signals:
            if self._ends_after(signum, patience_seconds):
                break
        self.kill_group()
        self.process.wait()
        if self.lifeline is not None:
            self.lifeline.release()

    def kill_group(self) -> None:
        """SIGKILL the process and whatever it left behind in its group."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            # macOS answers EPERM for a group that holds only a zombie.
            return

    def _ends_after(self, signum: signal.Signals, patience_seconds: float) -> bool:
        self.process.send_signal(signum)
        try:
            self.process.wait(timeout=patience_seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def spawn(
    command: Sequence[str],
    *,
    name: str,
    log: Path,
    environment: Mapping[str, str],
    working_directory: Path,
    death_signal: signal.Signals = signal.SIGKILL,
    identity: Identity | None = None,
    keep_open: Sequence[int] = (),
) -> Child:
    """Start `command` so that it receives `death_signal` when this process dies, even by kill -9.

    Call it from the main thread: Linux ties the death signal to the thread that forked. Both output streams
    are appended to `log`. With an `identity` the child drops root for it.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=working_directory,
            process_group=0,
            pass_fds=tuple(keep_open),
            preexec_fn=_preparation(death_signal, identity=identity),  # noqa: PLW1509  # no threads yet
        )
    lifeline = None if sys.platform == "linux" else hold_lifeline(process.pid, death_signal)
    return Child(name, process, lifeline)


def die_with_parent(death_signal: signal.Signals, *, parent: int) -> None:
    """Ask the kernel to send us `death_signal` when `parent`, our parent process, ends. Linux only."""
    if sys.platform != "linux":
        return
    if _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def hold_lifeline(pid: int, death_signal: signal.Signals) -> Lifeline:
    """Start the helper that sends `death_signal` to `pid` once this process is gone."""
    command = [sys.executable, str(Path(__file__).with_name("lifeline.py")), str(pid), str(int(death_signal))]
    return Lifeline(subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True))


def _preparation(death_signal: signal.Signals, *, identity: Identity | None) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        # The kernel forgets the death signal when the user changes, so the order matters.
        if identity is not None:
            become(identity)
        die_with_parent(death_signal, parent=parent)

    return prepare
