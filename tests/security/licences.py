"""Under which licences the packages are that an installation runs: docs/licences.md.

`python -m tests.security.licences > docs/licences.md` writes it anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

REGENERATE = ".venv/bin/python -m tests.security.licences > docs/licences.md"
ROOT = Path(__file__).resolve().parents[2]

# Packages whose metadata does not say it in a word, read by us in the licence file they ship.
READ_BY_US = {
    "pyrage": "MIT",
    "espeakng-loader": "GPL-3.0-or-later (the library of espeak-ng in it)",
}

# Under the GPL: installed beside Cutroom, and kept out of the processes that serve people.
APART = dict.fromkeys(
    ("espeakng-loader", "piper-tts", "pykakasi"),
    "not shipped with Cutroom, imported only in the process that speaks",
)

ACCEPTABLE = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|LGPL|Lesser|Unlicense|CC0|ZPL|Zope|HPND"
    r"|OFL|Open Font|0BSD|PostgreSQL|Zlib|public domain|CC-BY-4",
    re.IGNORECASE,
)

_HEAD = """# Licences

The packages that an installation of Cutroom runs, from `requirements.txt`, with the licence each declares.
Generated; a test compares it with what is installed, and fails on a licence that nobody has looked at.
Programs that a package carries (PostgreSQL, Redis, ffmpeg, voices, fonts) are under the licences in it.
Who ships an image or a bundle ships these packages too, and owes what their licences ask.

| package | licence |
|---|---|
"""


@dataclass(frozen=True, kw_only=True, order=True)
class Package:
    """A pinned package and what it says of its licence."""

    name: str
    licence: str


@cache
def runtime_packages() -> list[Package]:
    """Every package of requirements.txt that this system has, by name."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    return sorted(package for name in pins if (package := _package(name)))


def is_acceptable(package: Package) -> bool:
    """May we ship beside it? A copyleft of the whole work needs a word on how it is kept apart."""
    return bool(ACCEPTABLE.search(package.licence)) or package.name in APART


def as_markdown() -> str:
    """The text of docs/licences.md."""
    rows = (
        f"| {each.name} | {each.licence}{' (' + APART[each.name] + ')' if each.name in APART else ''} |"
        for each in runtime_packages()
    )
    return _HEAD + "\n".join(rows) + "\n"


def _package(name: str) -> Package | None:
    try:
        found = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        # For another system.
        return None
    return Package(name=name, licence=READ_BY_US.get(name) or _declared(found))


def _declared(found: Any) -> str:
    expression = found.get("License-Expression") or ""
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in found.get_all("Classifier") or []
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    text = (found.get("License") or "").strip().partition("\n")[0][:80]
    return " ".join((expression or ", ".join(classifiers) or text or "not declared").split()).replace(
        "|", "/"
    )


if __name__ == "__main__":
    print(as_markdown(), end="")
