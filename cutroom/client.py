"""A small client of the HTTP API, for the first start and for `make demo`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

_CSRF_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_FINAL_STATES = frozenset({"succeeded", "failed", "cancelled"})


class UnexpectedAnswer(RuntimeError):
    """The server answered something else than the contract says."""


class ApiClient:
    """Talks to one installation, as one user after `sign_in`."""

    def __init__(self, site_url: str) -> None:
        self._http = httpx.Client(base_url=site_url, timeout=30, trust_env=False)

    def call(
        self, method: str, path: str, *, expect: int | tuple[int, ...] = 200, **arguments: Any
    ) -> httpx.Response:
        """Send a request and return its answer; raise UnexpectedAnswer unless its status is in `expect`."""
        try:
            response = self._http.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise UnexpectedAnswer(f"{method} {path}: no answer ({error})") from error
        if response.status_code not in (expect if isinstance(expect, tuple) else (expect,)):
            raise UnexpectedAnswer(
                f"{method} {path}: {response.status_code}, not {expect}: {response.text[:500]}"
            )
        return response

    def is_ready(self) -> bool:
        """Whether the installation takes requests."""
        try:
            return self._http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def request_link(self, email: str) -> str:
        """Ask for a magic link and return its token; a server without DEBUG does not tell it."""
        answer: dict[str, str] = self.call(
            "POST", "/api/auth/magic-link/request", json={"email": email}
        ).json()
        if "magic_link" not in answer:
            raise UnexpectedAnswer("The server keeps magic links to itself (DEBUG is off).")
        return parse_qs(urlsplit(answer["magic_link"]).query)["token"][0]

    def verify(self, token: str) -> dict[str, Any]:
        """Exchange the token for an access token and use it from now on."""
        session: dict[str, Any] = self.call(
            "POST", "/api/auth/magic-link/verify", json={"token": token}
        ).json()
        self._http.headers["Authorization"] = f"Bearer {session['access_token']}"
        return session

    def submit(self, url: str, form: dict[str, str]) -> str:
        """Fill in the form of a page of this server and send it; where the answer leads."""
        path = urlsplit(url).path
        token = _CSRF_TOKEN.search(self.call("GET", path).text)
        if token is None:
            raise UnexpectedAnswer(f"GET {path}: a page without a form")
        answer = self.call("POST", path, expect=302, data={**form, "csrfmiddlewaretoken": token[1]})
        return answer.headers["Location"]

    def stitch(self, slug: str, *, resolution: str, fps: int) -> dict[str, Any]:
        """Ask for a video of the project and return the accepted render."""
        body = {"resolution": resolution, "fps": fps}
        accepted: dict[str, Any] = self.call(
            "POST", f"/api/v1/projects/{slug}/render/stitch", json=body, expect=202
        ).json()
        return accepted

    def follow(self, render_id: str, *, between_polls: Callable[[int], object]) -> dict[str, Any]:
        """Poll the render until it has ended and return it; raise UnexpectedAnswer unless it succeeded.

        `between_polls` receives the progress (0 to 100) and takes the time until the next poll.
        """
        while True:
            render: dict[str, Any] = self.call("GET", f"/api/v1/renders/{render_id}").json()
            between_polls(int(render["progress"]))
            if render["state"] in _FINAL_STATES:
                break
        if render["state"] != "succeeded":
            raise UnexpectedAnswer(f"The render {render['state']}: {render.get('error')}")
        return render

    def download(self, path: str, *, to: Path) -> int:
        """Save the body of GET `path` in the file `to` and return its size in bytes."""
        to.parent.mkdir(parents=True, exist_ok=True)
        draft = to.with_suffix(".part")
        with self._http.stream("GET", path) as response, draft.open("wb") as file:
            if response.status_code != 200:
                raise UnexpectedAnswer(f"GET {path}: {response.status_code}")
            for chunk in response.iter_bytes():
                file.write(chunk)
        draft.replace(to)
        return to.stat().st_size
