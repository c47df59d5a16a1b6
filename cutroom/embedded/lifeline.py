"""A program: `lifeline.py <pid> <signal>` signals the process when its own standard input closes silently."""

import os
import sys


def main() -> None:
    """Wait for one byte (all is well, do nothing) or the end of input (our owner died: send the signal)."""
    pid, signum = (int(argument) for argument in sys.argv[1:3])
    if os.read(0, 1):
        return
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main()
