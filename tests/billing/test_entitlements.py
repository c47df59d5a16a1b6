"""Which plan a tenant has: what it pays for, or the free one."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from billing import conf, entitlements
from billing.models import SubscriptionStatus, TenantSubscription
from cutroom import clock
from metering import entitlements as metering_entitlements
from metering import services
from metering.errors import PlanRequired, QuotaExceeded
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


def take_images(tenant: Tenant, amount: int) -> None:
    services.charge(
        tenant_id=tenant.pk,
        event_key=f"images:{uuid4()}",
        meter=Meter.IMAGES,
        amount=amount,
        subject="asset:1",
        at=clock.now(),
    )


def test_a_charge_asks_for_the_plan_only_when_it_is_not_the_remembered_one(
    acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with tenant_context(acme.pk):
        with django_assert_num_queries(2):
            take_images(acme, 1)
        with django_assert_num_queries(1):
            take_images(acme, 1)
        TenantSubscription.objects.create(plan="pro")
        with django_assert_num_queries(3):
            take_images(acme, 1)
        with django_assert_num_queries(1):
            take_images(acme, 1)


def test_whoever_changes_the_plan_the_next_charge_knows(acme: Tenant) -> None:
    with tenant_context(acme.pk):
        take_images(acme, 500)
        with pytest.raises(QuotaExceeded):
            take_images(acme, 1)
        subscription = TenantSubscription.objects.create(plan="pro")
        take_images(acme, 2000)
        with pytest.raises(QuotaExceeded):
            take_images(acme, 1)
        TenantSubscription.objects.update(granted_plan="enterprise")
        take_images(acme, 1)
        subscription.delete()
        with pytest.raises(QuotaExceeded):
            take_images(acme, 1)


def test_a_remembered_plan_ends_with_its_grace_all_the_same(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = clock.now() - timedelta(days=6, hours=23)
    with tenant_context(acme.pk):
        TenantSubscription.objects.create(plan="pro", status="past_due", past_due_since=since)
        take_images(acme, 600)
        later = clock.now() + timedelta(hours=2)
        monkeypatch.setattr(conf, "now", lambda: later)
        with pytest.raises(QuotaExceeded):
            take_images(acme, 1)


def test_another_tenant_does_not_share_the_plan(acme: Tenant) -> None:
    globex = found_tenant("globex")
    with tenant_context(globex.pk):
        TenantSubscription.objects.create(plan="pro")
    with tenant_context(acme.pk):
        assert entitlements.for_tenant(acme.pk).plan == "free"
