"""docs/security.md promises what tests hold: each line is there once, and each test it names exists."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAGE = (ROOT / "docs" / "security.md").read_text()
LINES = {"M": 17, "J": 18, "K": 13, "C": 6, "R": 9, "E": 5, "T": 30}
ROW = re.compile(r"^\| ([A-Z]\d+) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)


def test_every_line_of_the_checklist_is_there_once() -> None:
    wanted = [f"{letter}{number}" for letter, count in LINES.items() for number in range(1, count + 1)]
    assert [line for line, *_ in ROW.findall(PAGE)] == wanted


def test_every_line_names_requirements_of_asvs() -> None:
    for line, _, requirements, _, _ in ROW.findall(PAGE):
        assert re.fullmatch(r"\d+\.\d+\.\d+(, \d+\.\d+\.\d+)*", requirements), line


def test_every_line_has_a_test_that_exists_or_a_decision() -> None:
    missing = []
    for line, _, _, state, by in ROW.findall(PAGE):
        for name in re.findall(r"`([^`]+)`", by):
            path, _, test = name.partition("::")
            if not (ROOT / path).is_file() or f"def {test}(" not in (ROOT / path).read_text():
                missing.append((line, name))
        for path in re.findall(r"\]\(([^)]+)\)", by):
            if not (ROOT / "docs" / path).is_file():
                missing.append((line, path))
        assert "tests/" in by or state == "not, on purpose", line
    assert missing == []


def test_every_line_holds_or_names_the_decision_about_the_rest() -> None:
    for line, _, _, state, by in ROW.findall(PAGE):
        decided = "(adr/" in state or (state == "not, on purpose" and "(adr/" in by)
        assert state == "holds" or decided, line


def test_every_line_is_named_by_one_of_its_tests() -> None:
    """Or by the name of a test that holds several lines, such as test_c1_c5_…"""
    nameless = []
    for line, _, _, state, by in ROW.findall(PAGE):
        named = [name.partition("::")[2] for name in re.findall(r"`([^`]+)`", by)]
        is_named = any(line.lower() in name.split("_") for name in named)
        if not is_named and state != "not, on purpose":
            nameless.append(line)
    assert nameless == []


def test_weaknesses_can_be_reported() -> None:
    assert "Report a" in (ROOT / "SECURITY.md").read_text()
