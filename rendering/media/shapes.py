"""What shape a text has: a quotation, a list, figures to compare. Words only; nothing is drawn or loaded."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MOST_ITEMS, MOST_FIGURES = 6, 6
LONGEST_ITEM = 70  # characters; more is a sentence to read, not an item to see

_OPENING, _CLOSING = '"“„«「『', '"”“»」』'
_QUOTED = re.compile(
    rf"^\s*(?P<before>[^{_OPENING}]{{0,70}}?)\s*[{_OPENING}](?P<words>[^{_OPENING[1:]}]{{8,}}?)[{_CLOSING}]"
    r"\s*[.,،。]?\s*(?:[—–―-]+\s*)?(?P<after>[^\n]{0,70})$",
    re.DOTALL,
)
_SIGNED = re.compile(r"^(?P<words>.{20,}?)\s*[—–―]\s*(?P<after>[^—–―.!?\n]{2,50})\.?\s*$", re.DOTALL)
_SAYING = re.compile(
    r"\b(?:once|has|had|and|then|said|says|wrote|writes|asked|asks|told us|put it|sagte|schrieb|dijo|dit)\b",
    re.IGNORECASE,
)
_EDGES = " \t\n\r,;:.،。：，、—–―-"

_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.)]|[①-⑨])\s*")
_LEAD = re.compile(r"^(?P<lead>[^:：\n]{2,90})(?::\s+|：\s*)(?P<rest>.+)$", re.DOTALL)
_BETWEEN = re.compile(
    r"\s*[;；、،,，]\s*(?:(?:and|or|und|oder|y|et|и|و)\s+)?|\s+(?:and|und|et|и)\s+(?=\S+(?:\s\S+){0,3}$)"
)
_SENTENCE = re.compile(r"[^.!?。！？؟।]+(?:[.!?](?=\S)[^.!?。！？؟।]*)*[.!?。！？؟।]*")

_NUMBER = re.compile(
    r"(?P<before>[$€£¥₹]\s?)?(?P<digits>\d(?:[\d.,٬٫\u00a0\u202f]*\d)?)"
    r"(?P<after>\s?(?:%|٪|％|‰|percent\b|per cent\b|Prozent\b|por ciento\b|pour cent\b|процент\w*|प्रतिशत"
    r"|في المئة|million\b|billion\b|thousand\b|[kKM]\b|°[CF]?|km\b|kg\b|€|\$|万|億|亿))?"
)
_TIME = re.compile(r"(?<!\d)\d{1,2}:\d{2}(?!\d)")
_UNIT_ONCE = re.compile(r"(\d[\d.,]*)(?=\s(?:to|bis|a|à|and|und)\s\d[\d.,]*\s?(%|percent\b|per cent\b))")
_CLAUSE = re.compile(
    r"[;؛；:：!?。！？؟।\n]|(?<!\d)[,،，、](?!\d)|(?<=\d)[,.،](?=\s|$)|\.(?=\s|$)"
    r"|\s(?:and|to|but|while|against|versus|vs\.?|und|y|et|и|و)\s"
)
_SMALL_WORDS = re.compile(
    r"^(?:(?:from|to|of|in|is|are|was|were|has|have|had|and|than|with|by|at|only|about|over|nearly|almost|just|the"
    r"|a|an|for|grew|rose|fell|it|there)\b\s*)+|(?:\s*\b(?:from|to|of|in|is|are|was|were|has|have|had|and|than|with"
    r"|by|at|only|about|over|nearly|almost|just|the|a|an|for|grew|rose|fell|makes?|gives?|uses?|reached))+$",
    re.IGNORECASE,
)
_SHARE_UNITS = (
    "%", "٪", "％", "percent", "per cent", "prozent", "por ciento", "pour cent", "процент", "प्रतिशत",
    "في المئة",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Quote:
    """Words somebody said, and who, if the text tells."""

    words: str
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Items:
    """Things named one after the other, and what was said before them."""

    lead: str
    items: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number as it is written, its value, and the words it belongs to."""

    label: str
    shown: str
    value: float
    is_share: bool


def quote_in(text: str) -> Quote | None:
    """The quotation a text consists of; None when it is none. A trailing "— Name" also makes one."""
    found = _QUOTED.match(text)
    if found and len(found["words"]) >= len(text) * 0.45:
        by = _name(found["after"]) or _name(found["before"])
        return Quote(words=found["words"].strip(), by=by)
    signed = _SIGNED.match(text)
    if signed and _is_name(signed["after"]):
        return Quote(words=signed["words"].strip(_OPENING + _CLOSING + " "), by=signed["after"].strip(_EDGES))
    return None


def items_in(text: str) -> Items | None:
    """Three or more things of a few words each: bullets, parts after a colon, or short sentences."""
    for found in (_bullets(text), _after_colon(text), _short_sentences(text)):
        if found and 3 <= len(found.items) <= MOST_ITEMS and max(map(len, found.items)) <= LONGEST_ITEM:
            return found
    return None


def figures_in(text: str) -> tuple[Figure, ...]:
    """The numbers of a text with their labels. A year beside another number is its label; times are none."""
    text = _UNIT_ONCE.sub(r"\1\2", _TIME.sub(" ", text))
    figures = [figure for clause in _clauses(text) for figure in _figures_of(clause)]
    return tuple(figures[:MOST_FIGURES])


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with its mark."""
    return [part.strip() for part in _SENTENCE.findall(text) if part.strip()]


def is_comparable(figures: tuple[Figure, ...]) -> bool:
    """Whether a chart of these says something: two of a kind, or one share of a whole."""
    if len(figures) == 1:
        return figures[0].is_share and figures[0].value <= 100
    return len(figures) > 1 and len({figure.is_share for figure in figures}) == 1


def _name(text: str) -> str:
    return " ".join(_SAYING.sub(" ", text).split()).strip(_EDGES)


def _is_name(text: str) -> bool:
    words = text.strip(_EDGES).split()
    has_case = any(word[0].lower() != word[0].upper() for word in words)
    is_capital = not has_case or (words[0][0].isupper() and words[-1][0].isupper())
    return bool(words) and len(words) <= 6 and is_capital


def _bullets(text: str) -> Items | None:
    lines = [line for line in text.splitlines() if line.strip()]
    items = [_BULLET.sub("", line).strip() for line in lines if _BULLET.match(line)]
    lead = " ".join(line.strip() for line in lines if not _BULLET.match(line))
    return Items(lead=lead.rstrip(_EDGES), items=tuple(items)) if len(items) > 1 else None


def _after_colon(text: str) -> Items | None:
    found = _LEAD.match(text.strip())
    if not found or len(sentences(text)) > 1:
        return None
    items = [item for part in _BETWEEN.split(found["rest"]) if (item := part.strip(_EDGES + "!?।؟"))]
    return Items(lead=found["lead"].strip(), items=tuple(items))


def _short_sentences(text: str) -> Items | None:
    found = sentences(text)
    if not found or sum(map(len, found)) / len(found) > 42:
        return None
    return Items(lead="", items=tuple(one.rstrip(".。।") for one in found))


def _clauses(text: str) -> list[str]:
    return [clause for clause in _CLAUSE.split(text) if clause and clause.strip()]


def _figures_of(clause: str) -> list[Figure]:
    found = list(_NUMBER.finditer(clause))
    years = [number for number in found if _is_year(number)]
    if len(found) == 2 and len(years) == 1:
        return [_figure(number, years[0]["digits"]) for number in found if number is not years[0]]
    return [_figure(number, _label(clause, number, found)) for number in found if not _is_year(number)]


def _figure(found: re.Match[str], label: str) -> Figure:
    unit = (found["after"] or "").strip()
    is_share = unit.lower().startswith(_SHARE_UNITS)
    shown = f"{(found['before'] or '').strip()}{found['digits']}"
    shown += "%" if is_share else f" {unit}" if len(unit) > 2 else unit
    return Figure(label=label, shown=shown, value=_value(found["digits"]), is_share=is_share)


def _label(clause: str, number: re.Match[str], found: list[re.Match[str]]) -> str:
    """The words before a number, or else after it, up to its neighbours."""
    place = found.index(number)
    start = found[place - 1].end() if place else 0
    end = found[place + 1].start() if place + 1 < len(found) else len(clause)
    for part in (clause[start : number.start()], clause[number.end() : end]):
        label = _SMALL_WORDS.sub("", " ".join(part.split()).strip(_EDGES + "()")).strip(_EDGES)
        if label:
            return label[0].upper() + label[1:]
    return ""


def _is_year(found: re.Match[str]) -> bool:
    digits = found["digits"]
    return not found["before"] and not found["after"] and len(digits) == 4 and 1000 <= _value(digits) <= 2199


def _value(digits: str) -> float:
    """What a written number amounts to; three digits after a single mark are thousands."""
    plain = "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in digits)
    plain = re.sub("[\u00a0\u202f٬]", "", plain).replace("٫", ".")
    last = max(plain.rfind("."), plain.rfind(","))
    whole, part = (plain[:last], plain[last + 1 :]) if last >= 0 else (plain, "")
    is_decimal = bool(part) and (len(part) != 3 or whole == "0")
    marks = str.maketrans("", "", ".,")
    return float(f"{whole.translate(marks)}.{part}" if is_decimal else f"{whole}{part}".translate(marks))
