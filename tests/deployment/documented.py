"""The commands of the docs, in fenced blocks and in sentences, and what can be said of them unseen."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from django.core.management import CommandError, get_commands, load_command_class

from tests.deployment.production import ROOT

PLACES = ("*.md", "docs/**/*.md", "*/README.md", "clients/*/README.md")
PAGES = sorted(page for place in PLACES for page in ROOT.glob(place))
# Programs whose commands cannot be run where the tests run, and what is done instead.
ELSEWHERE = {
    "age-keygen": "its files are read by tests/gdpr",
    "cutroom": "the command line of clients/python has its own tests",
    "docker": "no container engine here; compose.yaml is read by docker compose, services are checked",
    "kubectl": "no cluster here; manifests are validated, names are checked",
    "openssl": "run where it stands in a block to run",
    "pgbackrest": "tests/gdpr/test_pgbackrest.py reads its configuration",
    "pip": "tests/deployment/test_image.py installs the same file",
    "psql": "tests/deployment/installation.py runs the same file",
    "uv": "tests/deployment/test_host_project.py builds and installs the wheel",
}
# Parts of pipes that every shell has.
PLAIN = {"cat", "cd", "curl", "date", "df", "du", "echo", "grep", "head", "sed", "sh", "tail", "tr", "base64"}

_FENCE = re.compile(r"^( *)```(\w+)([^\n]*)\n(.*?)^\1```", re.S | re.M)
_INLINE = re.compile(r"`((?:python )?manage\.py [^`]+|make [a-z]+[^`]*|docker compose [^`]+|kubectl [^`]+)`")
_JOINTS = {"|", "||", "&&", ";", "&"}


@dataclass(frozen=True, kw_only=True)
class Block:
    """One fenced block of a page; `note` is what follows the language."""

    page: Path
    line: int
    language: str
    note: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(language: str) -> list[Block]:
    """All blocks in a language, page by page."""
    return [block for page in PAGES for block in _blocks(page) if block.language == language]


def sentences() -> list[Block]:
    """Commands inside sentences, as blocks of one line."""
    found = []
    for page in PAGES:
        text = _FENCE.sub("", page.read_text())
        for match in _INLINE.finditer(text):
            command = " ".join(match[1].replace("…", "").replace("[", " ").replace("]", " ").split())
            found.append(Block(page=page, line=0, language="sh", note="", text=command))
    return found


def _blocks(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for match in _FENCE.finditer(text):
        indent, language, note, body = match.groups()
        lines = [line.removeprefix(indent) for line in body.split("\n")]
        at = text[: match.start()].count("\n") + 1
        yield Block(page=page, line=at, language=language, note=note.strip(), text="\n".join(lines))


def commands(text: str) -> Iterator[list[str]]:
    """The simple commands of a script, without assignments and redirections."""
    joined = text.replace("\\\n", " ")
    for line in joined.split("\n"):
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split, lexer.commenters = True, "#"
        command: list[str] = []
        for word in [*lexer, ";"]:
            if word in _JOINTS:
                yield from [command] if command else []
                command = []
            elif command or not re.match(r"[A-Z_]+=", word):
                command.append(word)
        assert not command


def complaint(words: list[str]) -> str:
    """What is wrong with a command that is not run; empty when nothing is."""
    words = words[: next((n for n, word in enumerate(words) if word in ("<", ">", ">>")), len(words))]
    program = Path(words[0]).name
    checks = {"manage.py": _manage, "python": _python, "make": _make, "docker": _docker, "kubectl": _kubectl}
    checks |= {"entry": _entry, "celery": _celery}
    if missing := [word for word in words if word.startswith("deploy/") and not _is_there(word)]:
        return f"there is no {missing[0]}"
    if program in checks:
        return checks[program](words[1:])
    return "" if program in ELSEWHERE or program in PLAIN else f"{program} is neither run nor reviewed"


def _is_there(name: str) -> bool:
    return (ROOT / name).exists() or name.endswith("cutroom.env")


def _manage(words: list[str]) -> str:
    if words[0] not in get_commands():
        return f"there is no manage.py {words[0]}"
    command = load_command_class(get_commands()[words[0]], words[0])
    try:
        command.create_parser("manage.py", words[0]).parse_args(words[1:])
    except (CommandError, SystemExit) as error:
        # A sentence may leave out what a command needs, but may not invent flags.
        return str(error) if "unrecognized" in str(error) else ""
    return ""


def _python(words: list[str]) -> str:
    if words[0] == "manage.py":
        return _manage(words[1:])
    return "" if words[0] == "-m" else f"python {words[0]} is not reviewed"


def _make(words: list[str]) -> str:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    return "" if words[0] in targets else f"there is no make {words[0]}"


def _entry(words: list[str]) -> str:
    return _manage(words[1:]) if words[0] == "manage" else ""


def _celery(words: list[str]) -> str:
    return "" if words[:2] == ["-A", "config"] else "which application?"


def _docker(words: list[str]) -> str:
    if words[0] != "compose":
        return f"docker {words[0]} is not reviewed"
    words = [word for n, word in enumerate(words[1:]) if not {"--profile", "--since"} & {word, words[n]}]
    verb, rest = words[0], [word for word in words[1:] if not word.startswith("-")]
    if verb == "exec":
        rest, inside = rest[:1], words[2:]
        if problem := "" if inside[0] in ("redis-cli", "pg_isready", "bash") else complaint(inside):
            return problem
    named = {word.partition("=")[0] for word in rest}
    return "" if named <= _services() else f"compose has no {sorted(named - _services())}"


@cache
def _services() -> set[str]:
    return set(yaml.safe_load((ROOT / "compose.yaml").read_text())["services"])


def _kubectl(words: list[str]) -> str:
    if "-k" in words:
        path = words[words.index("-k") + 1]
        return "" if (ROOT / path / "kustomization.yaml").exists() else f"there is no {path}"
    for word in words:
        kind, slash, name = word.partition("/")
        if slash and kind in ("deployment", "job") and name not in _objects():
            return f"Kubernetes has no {word}"
    return ""


@cache
def _objects() -> set[str]:
    text = "\n".join(path.read_text() for path in ROOT.glob("deploy/kubernetes/**/*.yaml"))
    return set(re.findall(r"name: ([\w-]+)", text))
