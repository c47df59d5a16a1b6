"""Breaks an invariant on purpose, in a copy of the code, and shows which tests see it.

`python -m tests.chaos.sabotage` (make sabotage) copies what git tracks, takes one protection out of the copy
at a time and runs the tests that guard it: each must be green before and red after. Exit 0 only then.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Sabotage:
    """A protection, what is put in its place (a text a file, there once), and the tests that turn red."""

    name: str
    changes: dict[str, tuple[str, str]]
    tests: tuple[str, ...]

    def apply(self, root: Path) -> None:
        """Take the protection out of the code below `root`. Raises ValueError when it is not there."""
        for name, (old, new) in self.changes.items():
            text = (root / name).read_text()
            if text.count(old) != 1:
                raise ValueError(f"{name} has {old!r} {text.count(old)} times")
            (root / name).write_text(text.replace(old, new))


SABOTAGES = (
    Sabotage(
        name="the fencing check",
        changes={
            "rendering/outcomes.py": (
                "leases.current_step(claim) if job",
                "RenderStep.objects.get(pk=claim.step_id) if job",
            )
        },
        tests=("tests/chaos/test_failures.py::test_a_worker_that_slept_with_its_result_in_hand_is_fenced",),
    ),
    Sabotage(
        name="the advisory lock",
        changes={
            "tenants/idempotency.py": (
                "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))",
                "SELECT length(%s) > 0",
            )
        },
        tests=("tests/tenants/test_idempotency.py",),
    ),
    Sabotage(
        name="a policy",
        changes={"tenants/row_security.py": ('f"{column} = {CURRENT_TENANT}"', '"true"')},
        tests=("tests/tenants/test_row_security.py",),
    ),
    Sabotage(
        name="the conditional in the UPDATE",
        changes={
            "metering/migrations/0006_moves.py": (
                "is_admitted := missing = 0 OR by_plan",
                "is_admitted := true OR missing = 0 OR by_plan",
            )
        },
        tests=(
            "tests/metering/test_race.py",
            "tests/chaos/test_many_users.py::test_fifty_submits_at_once_with_room_for_three",
        ),
    ),
    Sabotage(
        name="the process-group kill",
        # Twice: who waits for the warm process in vain ends the group itself.
        changes={
            "rendering/media/child.py": ("os.killpg(self._pid, number)", "os.kill(self._pid, number)"),
            "rendering/media/warm.py": ("os.killpg(self._worker_pid,", "os.kill(self._worker_pid,"),
        },
        tests=("tests/rendering/media/test_host.py::test_the_limit_ends_the_whole_process_group",),
    ),
)


def main() -> int:
    """Try every sabotage; 0 only when each was seen."""
    with tempfile.TemporaryDirectory(prefix="cutroom-sabotage-") as directory:
        copy = Path(directory, "cutroom")
        seen = [is_seen(sabotage, copy) for sabotage in SABOTAGES]
    return 0 if all(seen) else 1


def is_seen(sabotage: Sabotage, copy: Path) -> bool:
    """Are the tests of a protection green with it and red without it?"""
    make_copy(copy)
    was_green = run(sabotage.tests, copy) == 0
    sabotage.apply(copy)
    # 1 is a failed test; anything else would be an accident.
    is_red = run(sabotage.tests, copy) == 1
    verdict = "seen" if was_green and is_red else f"NOT seen (green before: {was_green}, red after: {is_red})"
    places, guards = ", ".join(sabotage.changes), " ".join(sabotage.tests)
    print(f"{verdict}: without {sabotage.name} ({places}): {guards}", flush=True)
    return was_green and is_red


def make_copy(copy: Path) -> None:
    """What git tracks, as it is now; the virtual environment and the test services are shared."""
    shutil.rmtree(copy, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)


def run(tests: tuple[str, ...], copy: Path) -> int:
    """pytest's exit code in the copy."""
    var = copy.parent / "var"
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CUTROOM_", "DATABASE_", "REDIS_"))
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    ended = subprocess.run(
        command,
        cwd=copy,
        env={**environment, "CUTROOM_VAR": str(var)},
        capture_output=True,
        text=True,
        check=False,
    )
    print("\n".join(ended.stdout.splitlines()[-3:]), flush=True)
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
