"""What the tests of every endpoint share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rendering.media import host
from tests.architecture.test_tenant_matrix import things

__all__ = ["things"]


@pytest.fixture(scope="session", autouse=True)
def _no_warm_child_left() -> Iterator[None]:
    """Uploads are decoded in a child process that stays warm for the next one."""
    yield
    host.stop_all()
