"""What reaches over tenants: the owner's migrations, functions with its rights, views, tasks and caches."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections

from accounts import counters, tasks
from tenants.context import tenant_context, tenant_id_or_none
from tenants.models import Tenant
from tests.cast import Cast
from tests.tenants.test_row_security import PROCEDURES, rows

# Reviewed: figures of the whole site, and whether Redis answers at all.
OF_NO_TENANT = {
    "cutroom/health.py",
    "gdpr/backups/restoring.py",
    "metering/metrics.py",
    "rendering/metrics.py",
}
# Reviewed: the tenant is in the key.
OF_ONE_TENANT = {"rendering/voice_samples.py"}
WITHOUT_ARGUMENT = """
SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef AND pronargs = 0
AND prorettype <> 'trigger'::regtype
"""
VIEWS = """
SELECT relname, relkind::text, coalesce(array_to_string(reloptions, ','), '') FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
"""
SETTING = "SELECT coalesce(current_setting('app.tenant_id', true), '')"
PACKAGES = ("accounts", "billing", "cutroom", "gdpr", "metering", "rendering", "tenants")


@pytest.mark.committed
def test_t12_a_thousand_tasks_of_two_tenants_in_turn_leave_nothing_behind(committed_cast: Cast) -> None:
    """One worker's process: each task sees its own tenant, and the next begins with none."""
    pair = [committed_cast.acme, committed_cast.globex]
    for number in range(1000):
        tenant = pair[number % 2]
        if number % 10 == 9:
            broken: Any = tasks.note_plan.apply(kwargs={"tenant_id": "no tenant"})
            assert broken.failed()
        done: Any = tasks.note_plan.apply(kwargs={"tenant_id": str(tenant.pk)})
        assert done.successful()
        assert tenant_id_or_none() is None
    assert rows(SETTING) == [("",)]
    assert counters.noted_plan(committed_cast.acme.pk) == "free"


@pytest.mark.committed
def test_t13_a_migration_of_the_owner_changes_the_rows_of_every_tenant(committed_cast: Cast) -> None:
    """FORCE alone would hide every row from it, and a backfill would silently change none."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE tenants_tenant SET name = upper(name)")
        assert cursor.rowcount == 2
    for tenant in (committed_cast.acme, committed_cast.globex):
        with tenant_context(tenant.pk):
            assert Tenant.objects.get().name == tenant.name.upper()


@pytest.mark.django_db
def test_t16_no_view_steps_over_the_wall() -> None:
    """A view runs with the rights of its owner unless it says otherwise; a materialised one always does."""
    found = rows(VIEWS)
    safe = [name for name, kind, options in found if kind == "v" and "security_invoker=true" in options]
    assert safe == [name for name, _, _ in found]


@pytest.mark.django_db
def test_t18_functions_with_the_owners_rights_take_something_only_the_caller_knows() -> None:
    """None can be called without an argument, so none lists everything there is."""
    assert len(rows(PROCEDURES)) >= 3
    assert rows(WITHOUT_ARGUMENT) == []


def test_t25_nothing_is_cached_but_through_modules_that_name_the_tenant() -> None:
    """Django's cache has no idea of tenants: whoever needs one writes the tenant into the key by hand."""
    using = {
        str(path.relative_to(settings.BASE_DIR))
        for package in PACKAGES
        for path in Path(settings.BASE_DIR, package).rglob("*.py")
        if re.search(r"django\.core\.cache|\bcache_page\b", path.read_text())
    }
    assert using == OF_NO_TENANT | OF_ONE_TENANT


@pytest.mark.django_db
def test_t25_every_key_in_redis_names_its_tenant_or_nobody(cast: Cast) -> None:
    counters.note_plan(cast.acme.pk, "pro")
    assert counters.noted_plan(cast.globex.pk) == ""
    assert connection.vendor == "postgresql"
