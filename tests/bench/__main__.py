"""`make bench`: Cutroom against others and against itself, as ratios within one run on two cores.

The film has twelve scenes of five seconds in 1080p30, with narration and captions, over pictures that are
given. Ours is timed from the HTTP request to the succeeded job, with real servers and a warm worker; the
cache is cold. Others get the narration as files. What is not rendering is measured in an installation of its
own. Ends with 0 even when a target is missed, unless --strict; with 1 when --compare finds a regression.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import django

from cutroom import embedded, environment, stack
from tests.bench.comparison import latest, regressions
from tests.bench.parts import RENDERING, SERVICE

CORES = 2
PARTS = (*RENDERING, *SERVICE)
REFERENCE = Path(__file__).parent / "reference.json"


def main() -> int:
    """Measure, print, keep the numbers."""
    options = _options()
    directory = embedded.var_dir() / "bench"
    if options.attempts > 1:
        return _best_of(options, earlier=_earlier(options.compare, latest(directory)))
    _use_two_cores()
    _prepare(directory / "installation")
    # Static files are not collected in development, and nobody asks for one here.
    warnings.filterwarnings("ignore", message="No directory at")
    # Models can be imported only now.
    from tests.bench import session

    earlier = _earlier(options.compare, latest(directory))
    rows = session.run(directory, only=options.only, is_small=options.small)
    worse = regressions(rows, earlier) if earlier else []
    for sentence in worse:
        print(f"WORSE than in {earlier}: {sentence}")
    is_missed = options.strict and not all(row.is_held for row in rows)
    return 1 if worse or is_missed else 0


def _best_of(options: argparse.Namespace, *, earlier: Path | None) -> int:
    """Measure up to `attempts` times, each in a process of its own, until a run is no worse than `earlier`.

    A machine that others use is slow now and then; a change that made something slow is slow every time.
    """
    command = [sys.executable, "-m", "tests.bench", "--only", *options.only]
    command += ["--small"] * options.small + ["--strict"] * options.strict
    command += ["--compare", str(earlier)] if earlier else []
    codes = (subprocess.run(command, check=False).returncode for _ in range(options.attempts))
    return 0 if any(code == 0 for code in codes) else 1


def _earlier(wish: str | None, last: Path | None) -> Path | None:
    """The file to compare with: none unless asked for, the one that is named, or the last run's."""
    if wish is None or wish:
        return Path(wish) if wish else None
    return last or REFERENCE


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
    parser = argparse.ArgumentParser(prog="make bench", description="Measure Cutroom.")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a target is missed")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="measure only these parts")
    parser.add_argument("--attempts", type=int, default=1, help="how often to try before it counts as worse")
    parser.add_argument("--small", action="store_true", help="a few minutes instead of an hour: see SMALL")
    parser.add_argument(
        "--compare",
        nargs="?",
        const="",
        metavar="FILE",
        help="end with 1 when a ratio is over 20 %% worse than in FILE, or than in the last run",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
