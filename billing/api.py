"""GET /api/billing/plans and /api/billing/subscription."""

from __future__ import annotations

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import plans, selectors
from billing.models import SubscriptionStatus, TenantSubscription
from metering.api import Amount
from tenants.http import Principal


class PlanDocument(serializers.Serializer):
    """A plan. `price` is a month in the smallest unit of `currency`; null, there and as a limit, is open."""

    plan = serializers.CharField(source="name")
    title = serializers.CharField()
    price = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    limits = serializers.DictField(child=Amount(allow_null=True))
    features = serializers.ListField(child=serializers.CharField())


class Plans(serializers.Serializer):
    """Every plan, smallest first."""

    plans = PlanDocument(many=True)


class SubscriptionDocument(serializers.Serializer):
    """What the tenant pays for; the last two are null until it has paid once."""

    plan = serializers.CharField()
    status = serializers.ChoiceField(choices=SubscriptionStatus.choices)
    current_period_end = serializers.DateTimeField(allow_null=True)
    customer_id = serializers.SerializerMethodField()

    def get_customer_id(self, subscription: TenantSubscription) -> str | None:
        """Stripe's customer id, null without one."""
        return subscription.customer_id or None


class PlansAPI(APIView):
    """GET /api/billing/plans"""

    @extend_schema(operation_id="billing_plans", tags=["billing"], responses=Plans)
    def get(self, request: Request) -> Response:
        """The plans on offer, with limits in the units of GET /api/v1/usage."""
        return Response(Plans({"plans": plans.offered()}).data)


class SubscriptionAPI(APIView):
    """GET /api/billing/subscription"""

    @extend_schema(operation_id="billing_subscription", tags=["billing"], responses=SubscriptionDocument)
    def get(self, request: Request) -> Response:
        """The subscription of the caller's tenant; a new tenant is on the free plan."""
        principal = cast(Principal, request.user)
        return Response(SubscriptionDocument(selectors.subscription(principal.tenant_id)).data)
