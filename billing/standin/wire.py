"""How the SDK writes requests: form encoding with brackets, and which fields to show in full."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from billing.standin.state import Store, Thing

_PART = re.compile(r"[^\[\]]+")


def decode(text: str) -> dict[str, Any]:
    """`a[b][0][c]=1` as {"a": {"b": [{"c": "1"}]}}; values stay text."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        parts = _PART.findall(name)
        at = tree
        for part in parts[:-1]:
            at = at.setdefault(part, {})
        last = parts[-1]
        if name.endswith("[]"):
            at.setdefault(last, {})[str(len(at[last]))] = value
        else:
            at[last] = value
    return {name: _lists(value) for name, value in tree.items()}


def expand(store: Store, thing: Thing, paths: list[str]) -> Thing:
    """Put whole things where `thing` has their ids. https://docs.stripe.com/expand"""
    for path in paths:
        _expand(store, thing, path.split("."))
    return thing


def _expand(store: Store, at: Any, path: list[str]) -> None:
    if isinstance(at, list):
        for each in at:
            _expand(store, each, path)
        return
    name, rest = path[0], path[1:]
    if not isinstance(at, dict) or name not in at:
        return
    found = at[name]
    if isinstance(found, list):
        at[name] = [store.known(each) or each for each in found]
    else:
        at[name] = store.known(found) or found
    if rest:
        _expand(store, at[name], rest)


def _lists(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    values = {name: _lists(value) for name, value in tree.items()}
    if values and all(name.isdigit() for name in values):
        return [values[name] for name in sorted(values, key=int)]
    return values
