"""Keeps personal data and secrets out of what leaves a process: log lines, error reports, traces."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from typing import Any

HIDDEN = "[hidden]"

_LONGEST_CODE = 200

_ADDRESS = r"[^\s@<>\"'(),;:=/]+@[^\s@<>\"'(),;:/]+\.[^\s@<>\"'(),;:/.]+"
_NAMED = r"(?i:(?<=token=)|(?<=code=)|(?<=secret=)|(?<=password=))[^\s&\"']+"
_URL_LOGIN = r"(?<=://)[^\s/@]+(?=@)"
_KEY = r"\b(?:sk|rk|pk|whsec)_[A-Za-z0-9_-]+"
# Long and mixed is a token: JWTs, sign-in tokens, signatures. Hashes, UUIDs and snake_case names are not.
_RANDOM = r"(?<![A-Za-z0-9_-])(?![0-9a-f-]+(?![A-Za-z0-9_-]))(?![a-z_-]+(?![A-Za-z0-9_-]))[A-Za-z0-9_-]{32,}"
_SECRET = re.compile("|".join((_URL_LOGIN, _ADDRESS, _NAMED, _KEY, _RANDOM)))

# No spaces: a sentence is somebody's text, an id or a code is one word.
_CODE = re.compile(r"[A-Za-z0-9_.:,/@+=<>\[\]-]*")
_FRAME = re.compile(r'File "([^"]+)", line (\d+)(?:, in (\w+))?')


def scrub(text: str) -> str:
    """The text without what looks like a mail address, a token, a key or a password."""
    return _SECRET.sub(HIDDEN, text)


def plain(value: Any) -> Any:
    """The value if it is a number, an id or a code; `[hidden]` in place of anybody's text.

    Mappings and lists are gone through. A word with the looks of a secret is hidden too.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    text = str(value)
    is_code = len(text) <= _LONGEST_CODE and _CODE.fullmatch(text)
    return scrub(text) if is_code else HIDDEN


def traceback_text(error: BaseException) -> str:
    """Where it happened and what kind of error it was, causes included, but never what the error says.

    An exception's text quotes whatever was wrong: an address, a row of the database, somebody's script.
    """
    summary = traceback.TracebackException.from_exception(error)
    return "".join(_parts(summary, seen=set()))


def _parts(summary: traceback.TracebackException, *, seen: set[int]) -> list[str]:
    seen.add(id(summary))
    before = summary.__cause__ or (None if summary.__suppress_context__ else summary.__context__)
    parts = []
    if before is not None and id(before) not in seen:
        parts = [*_parts(before, seen=seen), "\nwhich led to:\n\n"]
    places = [f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}\n' for frame in summary.stack]
    return [*parts, *places, f"{_kind(summary)}\n"]


def _kind(summary: traceback.TracebackException) -> str:
    kind = summary.exc_type
    return f"{kind.__module__}.{kind.__qualname__}" if kind else "unknown"


def frames(stderr: str) -> list[str]:
    """The places named by a traceback that another process printed, as file:line:function."""
    return [":".join(match) for match in _FRAME.findall(stderr)]
