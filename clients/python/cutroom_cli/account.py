"""Which installation, and who: from the environment, else from the file that `cutroom login` writes."""

from __future__ import annotations

import json
import os
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from cutroom_client import AuthenticatedClient, Client
from cutroom_client.models import Problem
from cutroom_client.types import Response

DEFAULT_URL = "http://127.0.0.1:8000"
TIMEOUT = httpx.Timeout(60.0)
OVER_QUOTA, FAILED = 3, 4


class Refused(Exception):
    """The server said no, or the render failed. The text says why; the command ends with `exit_code`."""

    def __init__(self, text: str, *, exit_code: int = FAILED) -> None:
        self.exit_code = exit_code
        super().__init__(text)


def path() -> Path:
    """Where the sign-in is kept; only its owner may read it."""
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "cutroom" / "account.json"


def keep(*, url: str, token: str) -> None:
    """Remember an installation and a token for the next commands."""
    path().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"url": url, "token": token}, file)


def client() -> AuthenticatedClient:
    """A signed-in client. Raises Refused when nobody has signed in."""
    kept = json.loads(path().read_text()) if path().exists() else {}
    url = os.environ.get("CUTROOM_URL") or kept.get("url") or DEFAULT_URL
    token = os.environ.get("CUTROOM_TOKEN") or kept.get("token")
    if not token:
        raise Refused("Nobody is signed in. Run: cutroom login --url URL --email ADDRESS")
    return AuthenticatedClient(base_url=url, token=token, timeout=TIMEOUT)


def stranger(url: str) -> Client:
    """A client of an installation, for signing in."""
    return Client(base_url=url, timeout=TIMEOUT)


def answer(response: Response[Any]) -> Any:
    """What a good answer holds. Raises Refused with the words of a problem."""
    if isinstance(response.parsed, Problem):
        raise _refused(response.parsed.to_dict())
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        raise _refused(_problem(response.content))
    return response.parsed


def _problem(content: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(content))
    except ValueError:
        return {"detail": "The server did not answer as Cutroom does. Is the address right?"}


def _refused(problem: dict[str, Any]) -> Refused:
    over = problem.get("status") == HTTPStatus.PAYMENT_REQUIRED
    text = problem.get("detail") or problem.get("title") or "The server refused."
    return Refused(str(text), exit_code=OVER_QUOTA if over else FAILED)
