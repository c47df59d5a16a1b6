"""One run: people are made, come in stages, and what they and the machine saw is printed and kept."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cutroom import environment
from cutroom.run import Stack, running_stack
from cutroom.terminal import say
from tests.bench.processes import OtherPrograms
from tests.database import close_connections
from tests.load import people, report
from tests.load.report import Stage
from tests.load.watch import Watch

ARRIVALS_A_SECOND = 20
WAIT_SECONDS = 0.5


def run(directory: Path, *, stages: Sequence[Stage], edited: float) -> int:
    """0 when nothing failed in the promised stage."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    work = directory / "work"
    work.mkdir(parents=True, exist_ok=True)
    with running_stack(port=environment.port()) as running:
        plan = _plan(work, stages=stages, edited=edited)
        close_connections()
        others = OtherPrograms()
        with Watch(running) as watch:
            _let_them_come(running, plan, log=work / "locust.log")
        others_cores = others.cores()
    answers = report.read(Path(json.loads(plan.read_text())["answers"]))
    results = report.stage_results(stages, answers, watch.sights)
    promised = [answer for answer in answers if answer.stage == report.PROMISED]
    by_name = report.times_by(promised, lambda answer: answer.name)
    print(report.markdown(by_name, results))
    failures = Counter((answer.stage, answer.error) for answer in answers if answer.error)
    for (stage, error), count in sorted(failures.items()):
        print(f"Failed in {stage}: {count} × {error}")
    knee = report.knee(results)
    print(f"\nThe knee: {knee.stage.users} users" if knee else "\nNo knee was reached.")
    print(f"Other programs, the users among them, kept {others_cores:.2f} cores busy.")
    print(f"Kept in {_keep(directory, report.to_json(by_name, results), others_cores)}")
    return 1 if any(answer.error for answer in promised) else 0


def _plan(work: Path, *, stages: Sequence[Stage], edited: float) -> Path:
    count = max(stage.users for stage in stages)
    say(f"Making {count} people")
    plan = {
        "people": people.make(count),
        "stages": [asdict(stage) for stage in stages],
        "arrivals": ARRIVALS_A_SECOND,
        "edited": edited,
        "answers": str(work / "answers.jsonl"),
    }
    path = work / "plan.json"
    path.write_text(json.dumps(plan))
    return path


def _let_them_come(running: Stack, plan: Path, *, log: Path) -> None:
    file = Path(__file__).parent / "locustfile.py"
    command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", f"--host={running.url}"]
    quiet = ["--only-summary", "--loglevel=WARNING", "--exit-code-on-error=0"]
    say("They come")
    with log.open("wb") as output:
        environ = {**os.environ, "CUTROOM_LOAD": str(plan)}
        crowd = subprocess.Popen([*command, *quiet], env=environ, stdout=output, stderr=subprocess.STDOUT)
        try:
            while crowd.poll() is None:
                running.wait(WAIT_SECONDS)
        finally:
            crowd.terminate()
            crowd.wait()


def _keep(directory: Path, results: dict[str, Any], others_cores: float) -> Path:
    at = datetime.now(UTC)
    path = directory / f"load-{at:%Y%m%d-%H%M%S}.json"
    document = {"at": at.isoformat(timespec="seconds"), "cores_of_others": others_cores, **results}
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path
