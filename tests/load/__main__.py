"""`make load`: two hundred people at once against the stack of `make run`, then more until something gives.

A fresh installation with DEBUG off and one web process a core; people, sessions and projects are made
before. Ends with 1 when a request failed in the promised stage.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

import django

from cutroom import embedded, environment, stack
from tests.load import report
from tests.load.report import Stage


def main() -> int:
    """Prepare, let them come, print what happened, keep the numbers."""
    options = _options()
    directory = embedded.var_dir() / "load"
    _prepare(directory / "installation", web_processes=options.web)
    # Models can be imported only now.
    from tests.load import session

    return session.run(directory, stages=_stages(options), edited=options.edited)


def _prepare(var: Path, *, web_processes: int) -> None:
    """Choose a fresh installation under `var`, with its own servers, as production runs it."""
    shutil.rmtree(var, ignore_errors=True)
    port = stack.free_port()
    address = f"http://{stack.HOST}:{port}"
    os.environ.update(CUTROOM_VAR=str(var), PORT=str(port), SITE_URL=address, DEBUG="false")
    # uvicorn reads it.
    os.environ["WEB_CONCURRENCY"] = str(web_processes)
    os.environ.update(embedded.prepare(var))
    environment.load_development()
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.dev"
    django.setup()


def _stages(options: argparse.Namespace) -> list[Stage]:
    """A few who warm the processes up, the promised crowd, then steps of half as many more."""
    more = (options.users + options.users * step // 2 for step in range(1, options.steps + 1))
    return [
        Stage(name=report.WARM_UP, users=max(1, options.users // 10), seconds=15),
        Stage(name=report.PROMISED, users=options.users, seconds=options.seconds),
        *(Stage(name=f"{users}", users=users, seconds=options.seconds // 2) for users in more),
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make load", description="Many people at once.")
    parser.add_argument("--users", type=int, default=200, help="how many in the first stage")
    parser.add_argument("--seconds", type=int, default=120, help="how long the first stage lasts")
    parser.add_argument("--steps", type=int, default=4, help="stages after it, each with half as many more")
    parser.add_argument("--edited", type=float, default=0.25, help="share of renders with a changed scene")
    parser.add_argument("--web", type=int, default=stack.cores(), help="web processes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
