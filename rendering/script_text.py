"""Reads a script: plain text or Markdown in, scenes out. No database; start at `parse_script`."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# CommonMark, as far as a script needs it: https://spec.commonmark.org/0.31.2/
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"^ {0,3}#{1,6}(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
# Only `===`: in CommonMark `---` below a text makes it a heading, but people write it between scenes.
_UNDERLINE = re.compile(r"^ {0,3}={2,}[ \t]*$")
_RULE = re.compile(r"^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$")
_QUOTE = re.compile(r"^ {0,3}(?:>[ \t]?)+")
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_TARGET = r"\((?:[^()]|\([^()]*\))*\)"
_PICTURE = re.compile(rf"!\[([^\[\]]*)\]{_TARGET}")
_PICTURE_LINE = re.compile(r"^[ \t]*image[ \t]*[::][ \t]*(.+)$", re.IGNORECASE)

# Every pattern either excludes its own opening mark or has a limit, so no text takes quadratic time.
_MARKUP = (
    (re.compile(r"<(https?://[^<>\s]+)>"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>]*>"), ""),
    (re.compile(r"\[\^[^\[\]]+\]"), ""),
    (re.compile(rf"\[([^\[\]]*)\]{_TARGET}"), r"\1"),
    (re.compile(r"`+([^`]*)`+"), r"\1"),
    (re.compile(r"(?<!\\)(\*{2,3}|~~)(?=\S)(.{1,300}?)(?<=[^\s\\])\1"), r"\2"),
    (re.compile(r"(?<![\w\\])(\*)(?=\S)(.{1,300}?)(?<=[^\s\\])\1(?!\w)"), r"\2"),
    (re.compile(r"(?<![\w\\])(_{1,3})(?=\S)(.{1,300}?)(?<=[^\s\\])\1(?!\w)"), r"\2"),
    (re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),
)
_SPACES = re.compile(r"[ \t]+")
_LINE_BREAK = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufeff]")
_SENTENCE_END = tuple(".!?…:;,。!?。؟।")


@dataclass(frozen=True, kw_only=True)
class SceneDraft:
    """One scene as the script tells it. `heading` is what stood above it; it is not spoken.

    `fields` are what else a table says of the scene, by their names in the model.
    """

    narration: str
    image_prompt: str = ""
    heading: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class _Block:
    """A scene while its lines are being read."""

    heading: str = ""
    image_prompt: str = ""
    narration: str = ""


def parse_script(text: str) -> list[SceneDraft]:
    """Cut a script into scenes, without markup and in the order of the text.

    A blank line, a rule or a heading starts a scene. A heading names the scene below it; one with nothing
    below is a scene of its own and is spoken. `![what it shows](…)` and `Image: what it shows` describe the
    picture of the words around or below them. Code blocks are left out: nobody can listen to them. A script
    without words gives no scene.
    """
    blocks = [_Block()]
    for line in _lines(_clean(text)):
        _read(line, blocks)
    return [_draft(block) for block in blocks if block != _Block()]


def _clean(text: str) -> str:
    """One kind of line break, single spaces, no control characters and no comments."""
    text = _SPACES.sub(" ", _CONTROL.sub("", _LINE_BREAK.sub("\n", text)))
    before, *commented = text.split("<!--")
    return before + "".join(part.partition("-->")[2] for part in commented)


def _lines(text: str) -> Iterator[str]:
    """The lines outside code fences, with `===` headings written as `#`."""
    fence = ""
    held = ""
    for line in [*text.split("\n"), ""]:
        mark = _FENCE.match(line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) else fence
            continue
        if held and _UNDERLINE.match(line):
            yield f"# {held.strip()}"
            held = ""
            continue
        yield held
        fence, held = (mark[1], "") if mark else ("", line)


def _read(line: str, blocks: list[_Block]) -> None:
    heading = _HEADING.match(line)
    if heading:
        blocks.append(_Block(heading=_spoken(heading[1] or "")))
    elif line.strip() and not _RULE.match(line):
        _read_text(_QUOTE.sub("", line), blocks)
    elif blocks[-1].narration:
        # Headings and pictures wait for the words below a blank line.
        blocks.append(_Block())


def _read_text(line: str, blocks: list[_Block]) -> None:
    described = _PICTURE_LINE.match(line)
    if described:
        _show(described[1], blocks)
        return
    for picture in _PICTURE.finditer(line):
        _show(picture[1], blocks)
    is_item = bool(_ITEM.match(line))
    _say(_PICTURE.sub("", _ITEM.sub("", line)), blocks[-1], is_item=is_item)


def _show(prompt: str, blocks: list[_Block]) -> None:
    """A second picture is where the scene changes. One without a description shows nothing we could draw."""
    words = _spoken(prompt)
    if words and blocks[-1].image_prompt:
        blocks.append(_Block())
    blocks[-1].image_prompt = words or blocks[-1].image_prompt


def _say(text: str, block: _Block, *, is_item: bool) -> None:
    words = _spoken(text)
    if words and is_item and block.narration and not block.narration.endswith(_SENTENCE_END):
        # A voice rests between the items of a list only where a sentence ends.
        block.narration += "."
    block.narration = f"{block.narration} {words}".strip()


def _spoken(text: str) -> str:
    """The words of a line, without its markup."""
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return " ".join(html.unescape(text).split())


def _draft(block: _Block) -> SceneDraft:
    is_title_only = not block.narration and not block.image_prompt
    narration = block.heading if is_title_only else block.narration
    return SceneDraft(narration=narration, image_prompt=block.image_prompt, heading=block.heading)
