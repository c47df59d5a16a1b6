"""From a script in a file to a video in a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cutroom_client import AuthenticatedClient
from cutroom_client.api.projects import projects_create, projects_put_script
from cutroom_client.api.renders import projects_render_stitch, renders_get
from cutroom_client.models import FpsEnum, NewProject, RenderForm, ResolutionEnum, ScriptText

from cutroom_cli.account import Refused, answer

POLL_SECONDS = 1.0
FINAL = frozenset({"succeeded", "failed", "cancelled"})


def start(
    client: AuthenticatedClient, script: Path, *, project: str, resolution: str, fps: int
) -> dict[str, Any]:
    """Put the script into a project, a new one unless `project` names one, and ask for its video."""
    slug = _put(client, script, project)
    form = RenderForm(resolution=ResolutionEnum(resolution), fps=FpsEnum(fps))
    return dict(answer(projects_render_stitch.sync_detailed(slug, client=client, body=form)).to_dict())


def follow(client: AuthenticatedClient, render_id: str) -> Iterator[dict[str, Any]]:
    """The render about once a second, the last time when it has ended."""
    while True:
        render = dict(answer(renders_get.sync_detailed(render_id, client=client)).to_dict())
        yield render
        if render["state"] in FINAL:
            return
        time.sleep(POLL_SECONDS)


def check(render: dict[str, Any]) -> None:
    """Raise Refused unless the render has succeeded."""
    if render["state"] != "succeeded":
        error = render.get("error") or {}
        raise Refused(f"The render {render['state']}. {error.get('detail', '')}".strip())


def download(
    client: AuthenticatedClient, render_id: str, target: Path, *, progress: Callable[[int], None]
) -> None:
    """Write the video to `target`, whole or not at all. `progress` gets the bytes written so far."""
    partial = target.with_name(f".{target.name}.part")
    http = client.get_httpx_client()
    with http.stream("GET", f"/api/v1/renders/{render_id}/video") as response, partial.open("wb") as file:
        response.raise_for_status()
        for part in response.iter_bytes():
            file.write(part)
            progress(file.tell())
    partial.replace(target)


def _put(client: AuthenticatedClient, script: Path, project: str) -> str:
    text = script.read_text(encoding="utf-8")
    if project:
        answer(projects_put_script.sync_detailed(project, client=client, body=ScriptText(script=text)))
        return project
    title = script.stem.replace("-", " ").replace("_", " ").capitalize()
    made = answer(projects_create.sync_detailed(client=client, body=NewProject(title=title, script=text)))
    return str(made.slug)
