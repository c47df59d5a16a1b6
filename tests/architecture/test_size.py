"""Small enough to love: the gates on functions and modules."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["cutroom", "config", "tenants", "accounts", "metering", "billing", "rendering", "gdpr", "tests"]
GENERATED = ("migrations", "djstripe_migrations")
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py", "manager.py"}

MODULE_LINES = 300
FUNCTION_LINES = 50
MEDIAN_FUNCTION_LINES = 10
ARGUMENTS_BEFORE_KEYWORDS = 4


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if not any(part in GENERATED for part in path.parts):
                yield path


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_module_is_longer_than_the_gate() -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for p in sources()
        if (n := len(p.read_text().splitlines())) > MODULE_LINES
    }
    assert long == {}


def test_no_function_is_longer_than_the_gate() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.name} {length(node)}"
        for path in sources()
        for node in functions(path)
        if length(node) > FUNCTION_LINES
    ]
    assert long == []


def test_the_median_function_is_short() -> None:
    lengths = [length(n) for p in sources() if "tests" not in p.parts for n in functions(p)]
    assert statistics.median(lengths) < MEDIAN_FUNCTION_LINES


def test_services_are_deep_not_wide() -> None:
    wide = {
        str(path.relative_to(ROOT)): count
        for path in ROOT.glob("*/services.py")
        if (count := sum(1 for n in ast.parse(path.read_text()).body if _is_public(n))) > 8
    }
    assert wide == {}


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.read_text().strip() and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert silent == []


def test_public_functions_of_the_apps_have_docstrings() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in sources()
        if "tests" not in path.parts
        for node in functions(path)
        if node.col_offset == 0 and _is_public(node) and ast.get_docstring(node) is None
    ]
    assert silent == []


def test_no_junk_drawers() -> None:
    assert [str(p.relative_to(ROOT)) for p in sources() if p.name in FORBIDDEN_NAMES] == []


def _is_public(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
