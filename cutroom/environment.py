"""Environment variables of a development installation: `.env`, embedded services, test values."""

from __future__ import annotations

import fcntl
import itertools
import os
import secrets
from pathlib import Path

from cutroom import embedded
from cutroom.refusal import StartRefused

CHECKOUT = Path(__file__).parent.parent
DEFAULT_PORT = 8000
GENERATED = ("SECRET_KEY", "JWT_SECRET", "SECOND_FACTOR_KEY")

_DEFAULT_SITE_URL = f"http://127.0.0.1:{DEFAULT_PORT}"
_TEST_VALUES = {
    "SECRET_KEY": "a-key-for-tests-only-that-signs-nothing-of-value-and-is-long-enough",
    "JWT_SECRET": "another-key-for-tests-only-that-signs-nothing-of-value-at-all",
    "SITE_URL": "http://testserver",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "MAGIC_LINK_FROM": "Cutroom <login@cutroom.test>",
    "SECURE_COOKIES": "false",
    "BEHIND_TLS_PROXY": "false",
}
_ADDRESS = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}


def load_development() -> None:
    """Complete os.environ for development: what is set stays, then `.env`, then the embedded services.

    Writes `.env` with fresh secrets first when there is none.
    """
    create_env_file(CHECKOUT / ".env", example=CHECKOUT / ".env.example")
    for name, value in read_env_file(CHECKOUT / ".env").items():
        _set_default(name, value)
    if os.environ["SITE_URL"] == _DEFAULT_SITE_URL:
        os.environ["SITE_URL"] = f"http://127.0.0.1:{port()}"
    use_embedded(embedded.var_dir())


def load_test() -> None:
    """Complete os.environ for tests: fixed secrets, and embedded services that no other test process uses.

    Starts nothing. Child processes inherit the choice, so calling it again there changes nothing; only the
    processes that pytest-xdist divides the tests among choose for themselves.
    """
    for name, value in _TEST_VALUES.items():
        os.environ.setdefault(name, value)
    process = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    if os.environ.get("CUTROOM_TEST_PROCESS") != process:
        directory = str(_claim_test_directory(_leave_test_directory()))
        os.environ.update(CUTROOM_VAR=directory, CUTROOM_TEST_PROCESS=process)
    use_embedded(embedded.var_dir())


def use_embedded(var: Path) -> None:
    """Point DATABASE_*_URL and REDIS_URL at the embedded servers under `var` unless they are set.

    Starts nothing. Someone who sets DATABASE_URL sets the addresses of the other roles too: two clusters are
    never mixed.
    """
    wanted = [server for server, variable in _ADDRESS.items() if not _is_set(variable)]
    os.environ.update(embedded.prepare(var, only=wanted))


def embedded_servers(var: Path) -> list[str]:
    """Which of the embedded servers under `var` os.environ points at, as `embedded.start` takes them."""
    prepared = embedded.prepare(var)
    return [server for server, name in _ADDRESS.items() if os.environ.get(name) == prepared[name]]


def start_services(var: Path) -> embedded.Services:
    """Start (or attach to) those embedded servers under `var` that os.environ points at.

    They end with this process, however it ends. Call from the main thread. Raises EmbeddedError.
    """
    return embedded.start(var, only=embedded_servers(var))


def port() -> int:
    """The port of the web server: $PORT, or 8000. Raises StartRefused for anything but a port number."""
    given = os.environ.get("PORT") or str(DEFAULT_PORT)
    if not given.isascii() or not given.isdigit() or not 0 < int(given) < 65536:
        raise StartRefused(f"PORT is {given!r}; it must be a number from 1 to 65535, such as PORT=8001.")
    return int(given)


def create_env_file(path: Path, *, example: Path) -> bool:
    """Copy `example` to `path` with fresh random secrets; False when `path` exists already."""
    if path.exists():
        return False
    lines = [_with_secret(line) for line in example.read_text().splitlines()]
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
    return True


def read_env_file(path: Path) -> dict[str, str]:
    """NAME=value lines of `path`; quotes around a value are dropped, empty values left out."""
    lines = (line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
    pairs = (line.partition("=") for line in lines)
    values = {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}
    return {name: value for name, value in values.items() if name and value}


def _set_default(name: str, value: str) -> None:
    if not _is_set(name):
        os.environ[name] = value


def _is_set(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def _with_secret(line: str) -> str:
    name = line.partition("=")[0].strip()
    return f"{name}={secrets.token_urlsafe(48)}" if name in GENERATED else line


def _leave_test_directory() -> Path:
    """Forget the servers of the process that started this one; the directory all of them claim from."""
    var = embedded.var_dir()
    if "CUTROOM_TEST_PROCESS" not in os.environ:
        return var
    for name, address in embedded.prepare(var).items():
        if os.environ.get(name) == address:
            del os.environ[name]
    return var.parent


def _claim_test_directory(var: Path) -> Path:
    """The first of var/test, var/test-2, … that no other running process has claimed; ours until we end."""
    for number in itertools.count(1):
        directory = var / ("test" if number == 1 else f"test-{number}")
        directory.mkdir(parents=True, exist_ok=True)
        claim = os.open(directory / "claim.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # Never closed: the kernel ends the claim with the process.
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(claim)
            continue
        return directory
    raise AssertionError("count() never ends")
