"""`make bench`: the render engine against others and against itself, as ratios within one run on two cores.

The film has twelve scenes of five seconds in 1080p30, with narration and captions, over pictures that are
given. Ours is timed from the HTTP request to the succeeded job, with real servers and a warm worker; the
cache is cold. Others get the narration as files. Ends with 0 even when a target is missed, unless --strict.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import warnings
from pathlib import Path

import django

from cutroom import embedded, environment, stack

CORES = 2
PARTS = ("encoder", "ffmpeg", "quality", "moviepy", "edit", "4k", "cached", "queries")


def main() -> int:
    """Measure, print, keep the numbers."""
    options = _options()
    _use_two_cores()
    directory = embedded.var_dir() / "bench"
    _prepare(directory / "installation")
    # Static files are not collected in development, and nobody asks for one here.
    warnings.filterwarnings("ignore", message="No directory at")
    # Models can be imported only now.
    from tests.bench import session

    rows = session.run(directory, wanted=lambda part: part in options.only)
    return 1 if options.strict and not all(row.is_held for row in rows) else 0


def _prepare(var: Path) -> None:
    """Choose a fresh installation under `var`, on its own servers whatever the environment says."""
    shutil.rmtree(var, ignore_errors=True)
    port = stack.free_port()
    address = f"http://{stack.HOST}:{port}"
    os.environ.update(CUTROOM_VAR=str(var), PORT=str(port), SITE_URL=address, DEBUG="true")
    os.environ.update(embedded.prepare(var))
    environment.load_development()
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.dev"
    django.setup()


def _use_two_cores() -> None:
    """Ratios depend on the number of cores; every process started from here on inherits the choice."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the render engine.")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a target is missed")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="measure only these parts")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
