"""The marker `fault(number)`: a test of one of the fifty faults of docs/reliability.md, wherever it lies.

Such a test commits, and after it the invariants I1 to I8 are asserted over every tenant, by one checker.
`pytest -m fault` runs them all, in a random order that `--randomly-seed=…` repeats.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos import invariants


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "fault(number, breaks=()): a fault of docs/reliability.md, which may itself break an invariant",
    )


@pytest.fixture(autouse=True)
def _invariants_hold(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a fault, everything that must hold holds."""
    marker = request.node.get_closest_marker("fault")
    if marker is None:
        yield
        return
    # Set up before us, so that its rows are still there when we look.
    request.getfixturevalue("_django_db_helper")
    before = invariants.media_processes()
    yield
    invariants.assert_everywhere(media_before=before, broken=marker.kwargs.get("breaks", ()))
