"""What `make run` shows of its children's logs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cutroom import terminal
from cutroom.terminal import LogWatch


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "web.log"
    path.write_text(json.dumps({"level": "error", "event": "yesterday's"}) + "\n")
    return path


def append(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_errors_and_sign_in_links_are_shown_and_the_rest_is_not(log: Path) -> None:
    watch = LogWatch(log)
    append(log, json.dumps({"level": "info", "event": "request"}) + "\nplain text\n")
    append(log, json.dumps({"level": "error", "event": "boom"}) + "\n")
    append(log, "Follow http://127.0.0.1:8000/login?token=abc-_1 to sign in.\n")
    assert watch.news() == [
        f"web: boom  (details in {log})",
        "web: sign-in link http://127.0.0.1:8000/login?token=abc-_1",
    ]
    assert watch.news() == []


def test_a_link_that_we_use_ourselves_is_no_news(log: Path) -> None:
    watch = LogWatch(log)
    watch.hide("abc")
    append(log, "http://127.0.0.1:8000/login?token=abc\nhttp://127.0.0.1:8000/login?token=def\n")
    assert watch.news() == ["web: sign-in link http://127.0.0.1:8000/login?token=def"]


def test_a_line_still_being_written_waits(log: Path) -> None:
    watch = LogWatch(log)
    line = json.dumps({"level": "critical", "event": "boom"})
    append(log, line[:10])
    assert watch.news() == []
    append(log, line[10:] + "\n")
    assert watch.news() == [f"web: boom  (details in {log})"]


def test_a_log_is_shortened_when_it_grows_too_large(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = LogWatch(log)
    monkeypatch.setattr(terminal, "_LARGEST_LOG_BYTES", 100)
    with log.open("a") as child:
        child.write("x" * 200 + "\n")
        child.flush()
        watch.news()
        assert log.stat().st_size == 0
        child.write(json.dumps({"level": "error", "event": "after"}) + "\n")
    assert watch.news() == [f"web: after  (details in {log})"]
    assert "x" * 200 in log.with_suffix(".old.log").read_text()
