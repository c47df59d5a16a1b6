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
from tests.metering.conftest import new_tenant


@pytest.fixture
def saltmarsh(db: None) -> Tenant:
    return new_tenant("saltmarsh")


def test_a_new_tenant_is_on_the_free_plan(saltmarsh: Tenant) -> None:
    with tenant_context(saltmarsh.pk):
        granted = entitlements.for_tenant(saltmarsh.pk)
    assert granted.plan == "free"
    assert granted.limit(Meter.RENDER) == 500 * 60_000


@pytest.mark.parametrize("status", list(SubscriptionStatus))
def test_only_a_living_subscription_gives_its_plan(saltmarsh: Tenant, status: SubscriptionStatus) -> None:
    with tenant_context(saltmarsh.pk):
        TenantSubscription.objects.create(plan="pro", status=status)
        granted = entitlements.for_tenant(saltmarsh.pk)
    is_living = status in {"active", "trialing", "past_due"}
    assert granted.plan == ("pro" if is_living else "free")


def test_metering_asks_billing(saltmarsh: Tenant) -> None:
    with tenant_context(saltmarsh.pk):
        with pytest.raises(PlanRequired):
            services.require_feature(tenant_id=saltmarsh.pk, feature="4k")
        TenantSubscription.objects.create(plan="pro")
        services.require_feature(tenant_id=saltmarsh.pk, feature="4k")
        assert metering_entitlements.for_tenant(saltmarsh.pk).limit(Meter.RENDER) == 2500 * 60_000


def test_the_answer_costs_one_query(
    saltmarsh: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with tenant_context(saltmarsh.pk), django_assert_num_queries(1):
        entitlements.for_tenant(saltmarsh.pk)


def test_another_tenant_does_not_share_the_plan(saltmarsh: Tenant) -> None:
    fenland = new_tenant("fenland")
    with tenant_context(fenland.pk):
        TenantSubscription.objects.create(plan="pro")
    with tenant_context(saltmarsh.pk):
        assert entitlements.for_tenant(saltmarsh.pk).plan == "free"
