"""`cutroom`: sign in, render, follow, look at usage, listen to webhooks. Exit codes are in the README."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from cutroom_client.api.usage import usage as usage_api
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from cutroom_cli import account, listening, rendering, signing_in

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Make videos with a Cutroom installation.")
webhooks = typer.Typer(no_args_is_help=True, help="Webhooks on this machine.")
app.add_typer(webhooks, name="webhooks")
notes = Console(stderr=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print what the API answered.")]


@contextmanager
def _in_words() -> Iterator[None]:
    """A refusal is a sentence and an exit code, not a traceback."""
    try:
        yield
    except account.Refused as error:
        notes.print(f"[red]{error}[/red]", highlight=False)
        raise typer.Exit(error.exit_code) from None
    except httpx.HTTPError as error:
        notes.print(f"[red]The server cannot be reached: {error}[/red]", highlight=False)
        raise typer.Exit(account.FAILED) from None
    except OSError as error:
        notes.print(f"[red]{error.strerror}: {error.filename}[/red]", highlight=False)
        raise typer.Exit(2) from None


@app.command()
def login(
    url: Annotated[str, typer.Option(help="Address of the installation.")] = account.DEFAULT_URL,
    email: Annotated[str, typer.Option(help="Your mail address.")] = "",
    key: Annotated[str, typer.Option(help="An API key (sk_…) instead of a mail.")] = "",
) -> None:
    """Sign in, and remember it for the next commands."""
    with _in_words():
        address = "" if key else email or typer.prompt("Mail address")
        token = key or signing_in.sign_in(url, address, ask_code=lambda: typer.prompt("Code from the mail"))
        account.keep(url=url.rstrip("/"), token=token)
        typer.echo(f"Signed in at {url}.")


@app.command()
def render(
    script: Annotated[Path, typer.Argument(help="A text or Markdown file.", exists=True, dir_okay=False)],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where the video goes.")] = None,
    project: Annotated[str, typer.Option(help="Slug of a project whose script to replace.")] = "",
    resolution: Annotated[str, typer.Option(help="720p, 1080p or 4k.")] = "1080p",
    fps: Annotated[int, typer.Option(help="24, 25, 30 or 60.")] = 30,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until the video is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Render a script."""
    with _in_words(), account.client() as client:
        try:
            job = rendering.start(client, script, project=project, resolution=resolution, fps=fps)
        except ValueError:
            raise typer.BadParameter(
                "Choose 720p, 1080p or 4k, and 24, 25, 30 or 60 frames a second."
            ) from None
        if wait or output:
            job = _watch(client, job["id"])
            rendering.check(job)
        if output:
            rendering.download(client, job["id"], output, progress=lambda _: None)
        typer.echo(json.dumps(job) if as_json else _outcome(job, output))


@app.command()
def status(
    render_id: str,
    follow: Annotated[bool, typer.Option("--follow", help="Stay until it has ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how far a render is."""
    with _in_words(), account.client() as client:
        job = _watch(client, render_id) if follow else next(rendering.follow(client, render_id))
        typer.echo(json.dumps(job) if as_json else _outcome(job, None))
        if follow:
            rendering.check(job)


@app.command()
def usage(as_json: AsJson = False) -> None:
    """Show the meters of this month."""
    with _in_words(), account.client() as client:
        found = account.answer(usage_api.sync_detailed(client=client)).to_dict()
        if as_json:
            typer.echo(json.dumps(found))
            return
        table = Table("meter", "used", "held", "limit", "%")
        for meter in found["meters"]:
            limit = "unlimited" if meter["limit"] is None else str(meter["limit"])
            cells = [str(meter[name]) for name in ("meter", "used", "held")]
            table.add_row(*cells, limit, f"{meter['percent']:.0f}")
        Console().print(table)


@webhooks.command()
def listen(
    forward: Annotated[str, typer.Option(help="Address on this machine that gets each message.")] = "",
) -> None:
    """Print events as they happen, and pass them on."""
    with _in_words(), account.client() as client:
        secret = listening.new_secret()
        if forward:
            notes.print(f"Messages are signed with {secret}", highlight=False)
        for message in listening.messages(client):
            answered = f" -> {listening.forward(message, url=forward, secret=secret)}" if forward else ""
            typer.echo(f"{message['timestamp']} {message['type']} {json.dumps(message['data'])}{answered}")


@app.command()
def mcp() -> None:
    """Serve these commands as tools of the Model Context Protocol, on standard input and output."""
    try:
        from cutroom_cli.mcp_server import server
    except ImportError:
        notes.print("[red]Install the extra first: pip install 'cutroom-client[mcp]'[/red]")
        raise typer.Exit(2) from None
    server.run()


def _watch(client: Any, render_id: str) -> dict[str, Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=notes, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("Rendering", total=100)
        for job in rendering.follow(client, render_id):
            bar.update(task, completed=job["progress"], description=job["state"].capitalize())
    return job


def _outcome(job: dict[str, Any], output: Path | None) -> str:
    if output:
        return str(output)
    progress = f" {job['progress']} %" if job.get("progress") is not None else ""
    return f"{job['id']} {job['state']}{progress}"
