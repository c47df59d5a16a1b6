"""Each wall alone holds, and neither can go unnoticed (T22).

Without any ORM filter by tenant the tests of the matrix stay green: row security does it. Without the policy
of any table they go red: what looks at the walls sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, models
from django.db.models.sql import Query
from rest_framework.test import APIClient

from rendering.models import Project
from tenants import row_security
from tenants.context import tenant_context
from tenants.managers import TenantManager
from tests.architecture import test_caller_matrix, test_tenant_matrix
from tests.cast import Cast, bearer
from tests.tenants import test_row_security

PROJECTS = "/api/v1/projects"
TABLES = sorted(model._meta.db_table for model in row_security.tenant_models())

EXPLAIN = "EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM {table}"
# Ways for a policy to be lost, and how to bring it back is the same for all: apply the models again.
MUTATIONS = {
    "dropped": "DROP POLICY tenant_wall ON {table}",
    "open": "ALTER POLICY tenant_wall ON {table} USING (true) WITH CHECK (true)",
    "writable": "ALTER POLICY tenant_wall ON {table} WITH CHECK (true)",
    "asleep": "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    "not forced": "ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
}


@pytest.fixture
def no_orm_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """No query names a tenant any more: the manager shows everything, and filters by tenant are dropped."""

    def everything(manager: Any) -> Any:
        return models.Manager.get_queryset(manager)

    build = Query.add_q

    def add_q(query: Query, condition: models.Q, *more: Any, **options: Any) -> Any:
        return build(query, without_tenant(condition), *more, **options)

    monkeypatch.setattr(TenantManager, "get_queryset", everything)
    monkeypatch.setattr(Query, "add_q", add_q)


def without_tenant(condition: Any) -> models.Q:
    """The same condition without what it says about a tenant."""
    kept = [
        without_tenant(child) if isinstance(child, models.Q) else child
        for child in condition.children
        if not (isinstance(child, tuple) and child[0] in ("tenant", "tenant_id"))
    ]
    rest = models.Q(*kept)
    rest.connector, rest.negated = condition.connector, condition.negated
    return rest


@pytest.mark.usefixtures("no_orm_filter")
def test_t22_without_orm_filters_no_endpoint_shows_a_foreigner_anything(
    charlie: APIClient, things: dict[str, str], media: Path
) -> None:
    test_tenant_matrix.test_lists_show_no_trace_of_another_tenant(charlie, things)
    test_tenant_matrix.test_a_foreigner_finds_nothing(charlie, things, media)


@pytest.mark.usefixtures("no_orm_filter")
def test_t22_nor_does_any_page(cast: Cast, things: dict[str, str], media: Path) -> None:
    test_caller_matrix.test_t23_no_page_shows_a_foreigner_anothers_thing(cast, things, media)


@pytest.mark.usefixtures("no_orm_filter")
def test_t22_nor_does_a_bare_query(cast: Cast, things: dict[str, str]) -> None:
    test_row_security.test_another_tenants_rows_are_invisible_to_bare_sql(cast)
    with tenant_context(cast.globex.pk):
        assert not Project.objects.filter(tenant_id=cast.acme.pk).exists()


@contextmanager
def mutated(table: str, mutation: str) -> Iterator[None]:
    """A database whose wall around one table was lost in one way. Commits, and brings it back."""
    owner = connections["owner"]
    [model] = [each for each in row_security.tenant_models() if each._meta.db_table == table]
    with owner.cursor() as cursor:
        cursor.execute(MUTATIONS[mutation].format(table=f'"{table}"'))
    try:
        yield
    finally:
        with owner.cursor() as cursor:
            # The kept hash says that nothing is to be done; it does not know of us.
            cursor.execute(f'COMMENT ON TABLE "{model._meta.db_table}" IS NULL')
        row_security.apply(owner)


def is_red(test: Callable[[], None]) -> bool:
    """Does a test fail?"""
    try:
        test()
    except AssertionError:
        return True
    return False


@pytest.mark.django_db
def test_every_plan_of_every_table_goes_by_the_tenant() -> None:
    """What PostgreSQL would do, asked of its planner: a wall that is there is in the plan."""
    open_tables = []
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(EXPLAIN.format(table=f'"{table}"'))
            plan = "\n".join(line for (line,) in cursor.fetchall())
            if "current_setting('app.tenant_id'" not in plan:
                open_tables.append(table)
    assert open_tables == []


@pytest.mark.committed
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_t22_a_lost_policy_turns_the_tests_red(transactional_db: None, mutation: str) -> None:
    unnoticed = []
    for table in TABLES:
        with mutated(table, mutation):
            looks = [
                test_row_security.test_t3_t4_every_wall_has_its_policies_and_no_other,
                test_row_security.test_t2_every_table_is_behind_the_wall_or_reviewed,
            ]
            if not any(is_red(look) for look in looks):
                unnoticed.append(table)
            if mutation in ("dropped", "open", "asleep"):
                assert is_red(test_every_plan_of_every_table_goes_by_the_tenant), table
    assert unnoticed == []
    assert not is_red(test_row_security.test_t3_t4_every_wall_has_its_policies_and_no_other)


@pytest.mark.committed
@pytest.mark.usefixtures("no_orm_filter")
def test_t22_with_both_walls_gone_a_foreigner_does_see_rows(committed_cast: Cast) -> None:
    """Else the tests above would prove nothing: here it was the policy, and nothing else, that held."""
    with tenant_context(committed_cast.acme.pk):
        Project.objects.create(tenant_id=committed_cast.acme.pk, slug="secret-project", title="Secret")
    charlie = bearer(committed_cast.charlie, committed_cast.globex)
    assert charlie.get(f"{PROJECTS}/secret-project").status_code == 404
    with mutated("rendering_project", "open"):
        assert charlie.get(f"{PROJECTS}/secret-project").status_code == 200
        assert "secret-project" in charlie.get(PROJECTS).text
    assert charlie.get(f"{PROJECTS}/secret-project").status_code == 404
