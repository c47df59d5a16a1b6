"""What stops the start: an app role that could step over the wall, and resolvers that are not there."""

from __future__ import annotations

import pytest
from django.db import connections
from pytest_django import Settings

from tenants import checks

pytestmark = pytest.mark.django_db


def test_t1_t28_the_app_role_is_weak() -> None:
    assert checks.app_role_is_weak(None, databases=["default"]) == []
    assert checks.app_role_is_weak(None, databases=None) == []


@pytest.mark.committed
def test_a_role_that_owns_tables_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "connections", {"default": connections["owner"]})
    [problem] = checks.app_role_is_weak(None, databases=["default"])
    assert problem.id == "tenants.E002"
    assert "owns tables" in problem.msg


def test_a_misspelt_resolver_stops_the_start(settings: Settings) -> None:
    settings.TENANTS_RESOLVERS = ["accounts.resolvers.from_nowhere"]
    assert [problem.id for problem in checks.resolvers_exist(None)] == ["tenants.E001"]
