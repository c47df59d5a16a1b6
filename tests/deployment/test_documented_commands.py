"""Every command in the docs is executed: for real where it can be, else reviewed and checked to exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections, transaction

from gdpr.backups.errors import Locked
from tests.deployment import documented
from tests.deployment.documented import Block
from tests.deployment.production import ROOT
from tests.house.installations import Installation

# Blocks with these words after `sh` are run by tests of their own.
RUN_ELSEWHERE = {"receipt": "tests/gdpr"}

RUN = [block for block in documented.blocks("sh") if block.note == "run"]
READ = [block for block in documented.blocks("sh") if block.note != "run"]
SQL = documented.blocks("sql")
COPIED = [block for block in documented.blocks("text") if block.note.startswith("from=")]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """What `make run` starts, with one backup made and checked."""
    installation = Installation(tmp_path_factory.mktemp("docs") / "var")
    installation.start()
    seeded = run_in(installation, "python manage.py seed_demo --email=ada@example.org")
    assert seeded.returncode == 0, seeded.stderr
    made = run_in(installation, "python manage.py backup && python manage.py verify_backup")
    assert made.returncode == 0, made.stderr
    yield installation
    assert installation.process
    installation.process.terminate()
    installation.process.communicate()


def run_in(installation: Installation, script: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = script.replace("http://127.0.0.1:8000", installation.url)
    while True:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=ROOT,
            env={**installation.environment(), "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        # The installation makes and rehearses backups by itself; who meets one is told to try again.
        if done.returncode != Locked.exit_code:
            return done


@pytest.mark.slow
@pytest.mark.parametrize("block", RUN, ids=str)
def test_a_block_to_run_runs(block: Block, running: Installation) -> None:
    done = run_in(running, block.text)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("block", [*READ, *documented.sentences()], ids=str)
def test_what_cannot_run_here_exists(block: Block) -> None:
    checked = subprocess.run(["bash", "-n", "-c", block.text], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    if block.note in RUN_ELSEWHERE:
        return
    for words in documented.commands(block.text):
        assert documented.complaint(words) == "", " ".join(words)


@pytest.mark.parametrize("block", SQL, ids=str)
def test_sql_runs_as_the_role_it_is_written_for(block: Block, transactional_db: None) -> None:
    with transaction.atomic(using="ops"), connections["ops"].cursor() as cursor:
        cursor.execute(block.text)
        transaction.set_rollback(True, using="ops")


@pytest.mark.parametrize("block", COPIED, ids=str)
def test_code_is_what_the_file_has(block: Block) -> None:
    source = (ROOT / block.note.removeprefix("from=")).read_text()
    assert block.text.strip("\n") in source


def test_every_symptom_and_every_alert_has_its_page() -> None:
    index = (ROOT / "docs" / "runbooks" / "README.md").read_text()
    pages = {path.name for path in (ROOT / "docs" / "runbooks").glob("*.md")} - {"README.md"}
    assert set(re.findall(r"\]\(([\w-]+\.md)\)", index)) == pages
    symptoms = ("link-not-sent", "jwt-expired", "quota-exceeded", "webhook-failing", "storage-path-wrong")
    assert {f"{name}.md" for name in (*symptoms, "job-stuck", "disk-full", "redis-lost", "restore")} <= pages


def test_a_wrong_command_would_be_noticed() -> None:
    for line in (
        "python manage.py backup --no-such-flag",
        "python manage.py no_such_command",
        "docker compose logs no-such-service",
        "kubectl logs deployment/no-such",
        "make nothing",
        "sh deploy/no-such-file",
        "rsync a b",
    ):
        [words] = documented.commands(line)
        assert documented.complaint(words), line
