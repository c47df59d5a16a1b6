"""Cutroom as tools of the Model Context Protocol, by the official SDK. Sign in with `cutroom login` first."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar, cast

from cutroom_client.api.renders import renders_list
from cutroom_client.api.usage import usage as usage_api
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from cutroom_cli import account, rendering

server = MCPServer("cutroom")
Tool = TypeVar("Tool", bound=Callable[..., Any])


def _tool(function: Tool) -> Tool:
    """Make a function a tool; a refusal reaches whoever calls it with its reason."""

    @wraps(function)
    def told(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except account.Refused as refusal:
            raise ToolError(str(refusal)) from refusal

    return cast(Tool, server.tool()(told))


@_tool
def render_script(
    script: str, title: str = "Video", resolution: str = "1080p", fps: int = 30
) -> dict[str, Any]:
    """Start rendering a script. A blank line or a Markdown heading begins a scene. Returns its id."""
    with TemporaryDirectory() as directory:
        path = Path(directory, f"{title.replace('/', ' ')}.md")
        path.write_text(script, encoding="utf-8")
        return rendering.start(account.client(), path, project="", resolution=resolution, fps=fps)


@_tool
def render_status(render_id: str) -> dict[str, Any]:
    """How far a render is; `video` has the address of the finished film."""
    return next(rendering.follow(account.client(), render_id))


@_tool
def save_video(render_id: str, path: str) -> str:
    """Download the video of a finished render into a file on this machine."""
    client = account.client()
    rendering.check(next(rendering.follow(client, render_id)))
    rendering.download(client, render_id, Path(path), progress=lambda _: None)
    return path


@_tool
def list_renders() -> list[dict[str, Any]]:
    """The newest renders."""
    page = account.answer(renders_list.sync_detailed(client=account.client()))
    return [render.to_dict() for render in page.results]


@_tool
def usage() -> dict[str, Any]:
    """What is used, held and left this month."""
    return dict(account.answer(usage_api.sync_detailed(client=account.client())).to_dict())
