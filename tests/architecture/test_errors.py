"""Every code a problem can carry is written down, once, and has its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from cutroom import error_catalogue
from cutroom.errors import DomainError

REGENERATE = (
    ".venv/bin/python manage.py shell -v0 -c "
    "'from cutroom.error_catalogue import as_markdown; print(as_markdown(), end=\"\")' > docs/errors.md"
)


def tree(kind: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for child in kind.__subclasses__():
        # Errors made up inside tests are not the product's.
        if not child.__module__.startswith("tests."):
            yield child
            yield from tree(child)


def test_the_list_in_the_docs_is_the_tree() -> None:
    listed = Path(settings.BASE_DIR, "docs", "errors.md").read_text()
    assert listed == error_catalogue.as_markdown(), f"Run: {REGENERATE}"


def test_each_code_belongs_to_one_error() -> None:
    error_catalogue.catalogue()
    owners: dict[str, set[str]] = {}
    for kind in tree():
        if "code" in vars(kind):
            owners.setdefault(kind.code, set()).add(kind.__name__)
    assert {code: names for code, names in owners.items() if len(names) > 1} == {}


def test_each_entry_explains_itself() -> None:
    for entry in error_catalogue.catalogue():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.code), entry
        assert entry.title, entry
        assert entry.explanation.endswith("."), entry
        assert 400 <= entry.status < 600, entry


@pytest.mark.parametrize("code", ["quota-exceeded", "nothing-to-render", "parse-error", "internal"])
def test_a_code_has_its_page(client: Client, db: None, code: str) -> None:
    page = client.get(f"/problems/{code}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert code in page.text
    [entry] = client.get(f"/problems/{code}", headers={"Accept": "application/json"}).json()["problems"]
    assert entry["code"] == code


def test_the_list_has_a_page_and_unknown_codes_have_none(client: Client, db: None) -> None:
    assert "quota-exceeded" in client.get("/problems").text
    assert client.get("/problems/no-such-code").status_code == 404
