"""Reads scripts that other programs wrote: CSV tables and SRT subtitles. No database."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from rendering.script_text import SceneDraft

COLUMNS = ("narration", "image_prompt", "caption", "duration_seconds", "transition", "motion")
_DELIMITERS = ",;\t|"
_TIME = r"(\d{1,3}):(\d{2}):(\d{2})[,.](\d{1,3})"
# https://www.matroska.org/technical/subtitles.html#srt-subtitles
_CUE = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}.*$", re.MULTILINE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|\{\\[^{}]*\}")
_SENTENCE_END = tuple(".!?…。!?؟।")


class UnreadableScript(ValueError):
    """What is wrong with a file, in a sentence for the person who made it."""


@dataclass(frozen=True, kw_only=True)
class _Cue:
    start: float
    end: float
    text: str


def parse_csv(text: str) -> list[SceneDraft]:
    """One scene a row, below a header that names COLUMNS; only `narration` must be there.

    Commas, semicolons, tabs and bars part columns (RFC 4180 quoting). Raises UnreadableScript.
    """
    lines = io.StringIO(text.lstrip("\ufeff"), newline="")
    rows = csv.reader(lines, delimiter=_delimiter(text), strict=True)
    try:
        header = [name.strip().lower().replace(" ", "_") for name in next(rows, [])]
        _check_header(header)
        return [_row(header, row, rows.line_num) for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise UnreadableScript(f"Line {rows.line_num} is no row of a CSV table: {error}.") from error


def parse_srt(text: str) -> list[SceneDraft]:
    """One scene a sentence of the subtitles, as long as it was shown. Raises UnreadableScript."""
    cues = list(_cues(text.replace("\r\n", "\n").replace("\r", "\n")))
    if not cues:
        raise UnreadableScript(
            "There is no subtitle in it. A subtitle begins like 00:00:01,000 --> 00:00:04,000."
        )
    sentences = list(_sentences(cues))
    ends = [later[0].start for later in sentences[1:]] + [sentences[-1][-1].end]
    return [_scene(cues, until=end) for cues, end in zip(sentences, ends, strict=True)]


def _delimiter(text: str) -> str:
    """The delimiter that the header uses most; a comma when there is one column."""
    header = text.lstrip("\ufeff").partition("\n")[0]
    return max(_DELIMITERS, key=header.count)


def _check_header(header: list[str]) -> None:
    known = ", ".join(COLUMNS)
    if "narration" not in header:
        raise UnreadableScript(
            f"The first line must name the columns, narration among them. Possible are {known}."
        )
    unknown = [name for name in header if name not in COLUMNS]
    if unknown:
        raise UnreadableScript(f"There is no column {unknown[0]!r}. Possible are {known}.")
    if len(set(header)) < len(header):
        raise UnreadableScript("A column is named twice in the first line.")


def _row(header: list[str], row: list[str], line: int) -> SceneDraft:
    if len(row) > len(header):
        raise UnreadableScript(f"Line {line} has {len(row)} columns; the first line names {len(header)}.")
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=False)}
    fields: dict[str, Any] = {
        name: cells[name] for name in ("caption", "transition", "motion") if cells.get(name)
    }
    if cells.get("duration_seconds"):
        fields["duration_seconds"] = _number(cells["duration_seconds"], line)
    return SceneDraft(
        narration=cells.get("narration", ""), image_prompt=cells.get("image_prompt", ""), fields=fields
    )


def _number(text: str, line: int) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise UnreadableScript(f"Line {line}: {text!r} is no number of seconds.") from None


def _cues(text: str) -> Iterator[_Cue]:
    marks = list(_CUE.finditer(text))
    for mark, following in zip_longest(marks, marks[1:]):
        body = text[mark.end() : following.start() if following else len(text)]
        lines = [line.strip() for line in body.strip().split("\n")]
        # The number of the next subtitle stands above its time.
        if following and lines and lines[-1].isdecimal():
            lines.pop()
        words = " ".join(_TAG.sub("", " ".join(lines)).split())
        if words:
            yield _Cue(start=_seconds(mark.groups()[:4]), end=_seconds(mark.groups()[4:]), text=words)


def _seconds(parts: tuple[str | Any, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")


def _sentences(cues: list[_Cue]) -> Iterator[list[_Cue]]:
    sentence: list[_Cue] = []
    for cue in cues:
        sentence.append(cue)
        if cue.text.rstrip("\"'”’)»").endswith(_SENTENCE_END):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _scene(cues: list[_Cue], *, until: float) -> SceneDraft:
    seconds = round(until - cues[0].start, 2)
    fields = {"duration_seconds": seconds} if seconds > 0 else {}
    return SceneDraft(narration=" ".join(cue.text for cue in cues), fields=fields)
