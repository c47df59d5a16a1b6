"""`python -m cutroom <command>`: run the product, its services alone, or the demonstration."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from cutroom import demo, run
from cutroom.embedded import EmbeddedError
from cutroom.refusal import StartRefused

_COMMANDS: dict[str, tuple[Callable[[], int], str]] = {
    "run": (run.run, "start everything and stay in the foreground"),
    "services": (run.services, "start only PostgreSQL and Redis"),
    "demo": (demo.demo, "start everything on a free port, walk the API as a client, stop everything"),
}
_BESIDE = "beside"


def main() -> int:
    """Run one command and return its exit code; expected troubles are one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m cutroom", description=__doc__)
    subcommands = parser.add_subparsers(dest="command", required=True)
    for name, (_, purpose) in _COMMANDS.items():
        subcommands.add_parser(name, help=purpose, description=purpose)
    purpose = "run a command while the embedded servers of the tests are up"
    beside = subcommands.add_parser(_BESIDE, help=purpose, description=purpose)
    beside.add_argument(
        "words", nargs=argparse.REMAINDER, metavar="command", help="the command and its arguments"
    )
    chosen = parser.parse_args()
    try:
        return run.beside(chosen.words) if chosen.command == _BESIDE else _COMMANDS[chosen.command][0]()
    except (EmbeddedError, StartRefused) as trouble:
        print(trouble, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
