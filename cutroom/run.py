"""`make run`: the whole product in the foreground, from an empty checkout to a rendered video."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cutroom import embedded, environment, footage, schema_stamp, stack
from cutroom.client import ApiClient, UnexpectedAnswer
from cutroom.embedded.processes import die_with_parent
from cutroom.refusal import StartRefused
from cutroom.supervisor import StopRequested, Supervisor
from cutroom.terminal import LogWatch, ProgressBar, say

DEMO_EMAIL = "demo@example.com"

_HOPELESS_AFTER_DEATHS = 3


@dataclass(frozen=True)
class Stack:
    """A running installation."""

    supervisor: Supervisor
    watch: LogWatch
    client: ApiClient
    url: str
    var: Path

    def wait(self, seconds: float) -> None:
        """Let time pass while the children are looked after."""
        self.supervisor.pause(seconds)


def run() -> int:
    """Start everything, render the sample project on the first start, and stay until asked to stop."""
    environment.load_development()
    with running_stack(port=environment.port()) as running:
        _welcome(running)
        say(f"Ready  {running.url}")
        _stay(running.supervisor)
    return 0


def services() -> int:
    """Start only the embedded servers and stay until asked to stop."""
    environment.load_development()
    with _servers(embedded.var_dir(), watch=LogWatch()) as supervisor:
        say("Ready  PostgreSQL and Redis; Ctrl-C stops them")
        _stay(supervisor)
    return 0


def beside(command: Sequence[str]) -> int:
    """Run `command` with the environment and the embedded servers of the tests; its exit code."""
    environment.load_test()
    servers = environment.start_services(embedded.var_dir())
    try:
        return subprocess.run(command, check=False).returncode
    finally:
        servers.stop()


@contextmanager
def running_stack(*, port: int) -> Iterator[Stack]:
    """An installation that takes requests on `port`; at the end everything it started is stopped.

    The environment is complete already. A wish to stop (Ctrl-C, SIGTERM) ends the block quietly. Raises
    StartRefused or EmbeddedError.
    """
    stack.refuse_taken_port(port)
    var = embedded.var_dir()
    watch = LogWatch(*stack.application_logs(var))
    with _servers(var, watch=watch) as supervisor:
        stack.forget_metrics(var)
        _migrate(supervisor, var)
        for part in stack.application(var, port=port):
            supervisor.add(part)
        url = f"http://{stack.HOST}:{port}"
        client = ApiClient(url)
        _await_ready(supervisor, client, var=var)
        yield Stack(supervisor, watch, client, url, var)


@contextmanager
def _servers(var: Path, *, watch: LogWatch) -> Iterator[Supervisor]:
    """A supervisor with the embedded servers that the environment asks for."""
    supervisor = Supervisor(say, watch.news)
    supervisor.listen()
    _follow_make()
    with _only_one(var):
        try:
            for part in stack.servers(var, only=environment.embedded_servers(var)):
                supervisor.add(part)
            yield supervisor
        except StopRequested:
            say("Stopping")
        finally:
            supervisor.stop()


@contextmanager
def _only_one(var: Path) -> Iterator[None]:
    """Hold the installation under `var`; a second supervisor there would stop the first one's servers."""
    (var / "run").mkdir(parents=True, exist_ok=True)
    with (var / "run" / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = (
                f"Cutroom already runs on {var}; stop it first, or set CUTROOM_VAR to another directory."
            )
            raise StartRefused(message) from None
        yield


def _follow_make() -> None:
    """End with `make`, even when it is killed."""
    if "MAKELEVEL" in os.environ:
        die_with_parent(signal.SIGTERM, parent=os.getppid())


def _migrate(supervisor: Supervisor, var: Path) -> None:
    """Bring the schema up to date; skipped when the embedded database certainly is, which saves seconds."""
    is_embedded = "postgres" in environment.embedded_servers(var)
    if is_embedded and schema_stamp.is_current(var, checkout=environment.CHECKOUT):
        return
    stack.manage("migrate", var=var, wait=supervisor.pause)
    if is_embedded:
        schema_stamp.note(var, checkout=environment.CHECKOUT)


def _await_ready(supervisor: Supervisor, client: ApiClient, *, var: Path) -> None:
    while not client.is_ready():
        supervisor.pause(0.1)
        for part in supervisor.parts:
            if part.early_deaths >= _HOPELESS_AFTER_DEATHS:
                raise StartRefused(f"{part.name} does not start:\n{stack.last_words(part.name, var=var)}")


def _welcome(running: Stack) -> None:
    """Make demo data and render its project on the first start; what fails is said, and tried next time."""
    video = running.var / "sample" / "test.mp4"
    if video.exists():
        return
    stack.manage("seed_demo", f"--email={DEMO_EMAIL}", "--neighbours", var=running.var, wait=running.wait)
    try:
        started_at = time.monotonic()
        length_seconds = _render_sample(running, video)
    except (UnexpectedAnswer, ValueError) as trouble:
        say(f"The sample video was not made: {trouble}")
        return
    took_seconds = time.monotonic() - started_at
    say(f"Video  {video}  ({length_seconds:.1f} s of video in {took_seconds:.1f} s)")


def _render_sample(running: Stack, video: Path) -> float:
    """Make the video and return its length in seconds."""
    client = running.client
    token = client.request_link(DEMO_EMAIL)
    running.watch.hide(token)
    client.verify(token)
    accepted = client.stitch("test", resolution="1080p", fps=24)
    bar = ProgressBar("Rendering the sample project")

    def show(progress: int) -> None:
        bar.show(progress)
        running.wait(0.2)

    render = client.follow(accepted["id"], between_polls=show)
    client.download(f"/api/v1/renders/{render['id']}/video", to=video)
    return footage.inspect(video).duration_seconds


def _stay(supervisor: Supervisor) -> None:
    while True:
        supervisor.pause()
