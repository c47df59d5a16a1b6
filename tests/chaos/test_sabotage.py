"""The sabotages of `make sabotage` still find what they take out, and the tests that guard it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import sabotage
from tests.chaos.sabotage import SABOTAGES, Sabotage


@pytest.mark.parametrize("each", SABOTAGES, ids=lambda each: each.name)
def test_a_sabotage_can_be_applied_and_is_guarded(each: Sabotage, tmp_path: Path) -> None:
    before = {name: (sabotage.ROOT / name).read_text() for name in each.changes}
    for name, text in before.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    each.apply(tmp_path)
    assert all((tmp_path / name).read_text() != text for name, text in before.items())
    for test in each.tests:
        path, _, name = test.partition("::")
        assert not name or f"def {name}(" in (sabotage.ROOT / path).read_text()
