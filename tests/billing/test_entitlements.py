"""Which plan a tenant has: what it pays for, or the free one."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from billing import entitlements
from billing.models import SubscriptionStatus, TenantSubscription
from metering import entitlements as metering_entitlements
from metering import services
from metering.errors import PlanRequired
from metering.meters import Meter
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.cast import found_tenant


@pytest.fixture
def acme(db: None) -> Tenant:
    return found_tenant("acme")


def test_a_new_tenant_is_on_the_free_plan(acme: Tenant) -> None:
    with tenant_context(acme.pk):
        granted = entitlements.for_tenant(acme.pk)
    assert granted.plan == "free"
    assert granted.limit(Meter.RENDER) == 500 * 60_000


@pytest.mark.parametrize("status", list(SubscriptionStatus))
def test_only_a_living_subscription_gives_its_plan(acme: Tenant, status: SubscriptionStatus) -> None:
    with tenant_context(acme.pk):
        TenantSubscription.objects.create(plan="pro", status=status)
        granted = entitlements.for_tenant(acme.pk)
    is_living = status in {"active", "trialing", "past_due"}
    assert granted.plan == ("pro" if is_living else "free")


def test_a_plan_that_is_no_longer_declared_grants_the_free_one_and_is_logged(
    acme: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    with tenant_context(acme.pk):
        TenantSubscription.objects.create(plan="gold", granted_plan="silver")
        assert entitlements.for_tenant(acme.pk).plan == "free"
    assert [record.getMessage() for record in caplog.records] == ["plan_without_limits"]


def test_metering_asks_billing(acme: Tenant) -> None:
    with tenant_context(acme.pk):
        with pytest.raises(PlanRequired):
            services.require_feature(tenant_id=acme.pk, feature="4k")
        TenantSubscription.objects.create(plan="pro")
        services.require_feature(tenant_id=acme.pk, feature="4k")
        assert metering_entitlements.for_tenant(acme.pk).limit(Meter.RENDER) == 2500 * 60_000


def test_the_answer_costs_one_query(acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with tenant_context(acme.pk), django_assert_num_queries(1):
        entitlements.for_tenant(acme.pk)


def test_another_tenant_does_not_share_the_plan(acme: Tenant) -> None:
    globex = found_tenant("globex")
    with tenant_context(globex.pk):
        TenantSubscription.objects.create(plan="pro")
    with tenant_context(acme.pk):
        assert entitlements.for_tenant(acme.pk).plan == "free"
