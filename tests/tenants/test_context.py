"""The tenant in context: nesting, restoring, and no tenant at all."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from tenants.context import Actor, current_actor, current_tenant_id, tenant_context, tenant_id_or_none
from tenants.errors import NoTenantInContext
from tenants.models import Membership, Tenant
from tests.cast import Cast
from tests.threads import at_once


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.tenant_id', true), '')")
        return str(cursor.fetchone()[0])


def assert_inside(tenant: Tenant) -> None:
    assert current_tenant_id() == tenant.pk
    assert setting() == str(tenant.pk)
    assert {row.tenant_id for row in Membership.objects.all()} == {tenant.pk}


def assert_outside() -> None:
    assert tenant_id_or_none() is None
    assert setting() == ""


def delete_and_fail(tenant: Tenant) -> None:
    with tenant_context(tenant.pk):
        Membership.objects.all().delete()
        raise LookupError


def test_t6_without_a_tenant_the_first_wall_raises_before_any_sql(cast: Cast) -> None:
    """T6."""
    with pytest.raises(NoTenantInContext):
        Membership.objects.all()
    with pytest.raises(NoTenantInContext):
        current_tenant_id()


def test_t10_contexts_nest_and_restore(cast: Cast) -> None:
    """T10."""
    with tenant_context(cast.acme.pk):
        assert_inside(cast.acme)
        with tenant_context(cast.globex.pk):
            assert_inside(cast.globex)
            with tenant_context(cast.acme.pk):
                assert_inside(cast.acme)
            assert_inside(cast.globex)
        assert_inside(cast.acme)
    assert_outside()


def test_an_error_restores_the_outer_tenant_and_undoes_the_inner_work(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        with pytest.raises(LookupError):
            delete_and_fail(cast.globex)
        assert_inside(cast.acme)
    assert_outside()
    with tenant_context(cast.globex.pk):
        assert Membership.objects.count() == 1


def test_a_failed_statement_restores_the_outer_tenant(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        with pytest.raises(DatabaseError), tenant_context(cast.globex.pk), connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column FROM tenants_tenant")
        assert_inside(cast.acme)
    assert_outside()


def test_a_rollback_by_flag_restores_the_outer_tenant(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        with tenant_context(cast.globex.pk):
            transaction.set_rollback(True)
        assert_inside(cast.acme)
    assert_outside()


def test_the_actor_goes_with_the_context(cast: Cast) -> None:
    alice = Actor(user_id=cast.alice.pk)
    with tenant_context(cast.acme.pk, actor=alice):
        with tenant_context(cast.acme.pk):
            assert current_actor() == alice
        with tenant_context(cast.acme.pk, actor=Actor()):
            assert current_actor() == Actor()
        assert current_actor() == alice
    assert current_actor() == Actor()


@pytest.mark.committed
def test_a_borrower_of_a_used_connection_starts_without_a_tenant(committed_cast: Cast) -> None:
    """T8: twenty threads share the pool's connections, two tenants in turn, and nobody sees the other."""
    tenants = [committed_cast.acme.pk, committed_cast.globex.pk]

    def visit(number: int) -> tuple[str, set[UUID]]:
        before = setting()
        with tenant_context(tenants[number % 2]):
            return before, set(Membership.objects.values_list("tenant_id", flat=True))

    for number, seen in enumerate(at_once(visit, count=200, threads=20)):
        assert seen == ("", {tenants[number % 2]})
