"""/api/billing: plans, the subscription, the ways to Stripe's pages, invoices."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import checkout, conf, invoices, plans, portal, selectors
from billing.errors import (
    AlreadySubscribed,
    NotForSale,
    NothingToManage,
    PaymentsNotSetUp,
    PaymentsUnavailable,
)
from billing.models import SubscriptionStatus, TenantSubscription
from cutroom.bodies import Body
from cutroom.pagination import CursorPages
from cutroom.schema import PAGE_PARAMETERS, page_of, problems
from metering import conf as metering_conf
from metering.api import Amount
from tenants.http import Principal
from tenants.permissions import HasCapability
from tenants.roles import Capability

_TAGS = ["billing"]


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


class SubscriptionDocument(serializers.ModelSerializer):
    """What the tenant pays for. `plan` is what it may use now, `subscribed_plan` what it pays for.

    `next_plan` and `changes_at` are a planned change, such as a cancellation; `grace_until` is when a failing
    payment takes the plan away; `next_amount` is in the smallest unit of `currency`.
    """

    plan = serializers.SerializerMethodField()
    subscribed_plan = serializers.SerializerMethodField()
    status = serializers.ChoiceField(choices=SubscriptionStatus.choices)
    customer_id = serializers.SerializerMethodField()
    next_plan = serializers.SerializerMethodField()
    currency = serializers.SerializerMethodField()
    grace_until = serializers.DateTimeField(allow_null=True)

    class Meta:
        model = TenantSubscription
        fields = [
            "plan",
            "status",
            "current_period_end",
            "customer_id",
            "subscribed_plan",
            "trial_end",
            "next_plan",
            "changes_at",
            "next_amount",
            "currency",
            "grace_until",
        ]

    def get_plan(self, row: TenantSubscription) -> str:
        """The plan whose limits hold."""
        return row.plan if row.grants_plan(conf.now()) else metering_conf.default_plan()

    def get_subscribed_plan(self, row: TenantSubscription) -> str | None:
        """The plan of the newest subscription, also of one that has ended; null before the first."""
        return row.plan if row.subscription_id else None

    def get_customer_id(self, row: TenantSubscription) -> str | None:
        """Stripe's customer id, null without one."""
        return row.customer_id or None

    def get_next_plan(self, row: TenantSubscription) -> str | None:
        """What the plan turns into at `changes_at`."""
        return row.next_plan or None

    def get_currency(self, row: TenantSubscription) -> str:
        """ISO 4217, lower case."""
        return row.currency or conf.currency()


class CheckoutRequest(Body):
    """Which plan to pay for."""

    plan = serializers.CharField(max_length=32)


class CheckoutDocument(serializers.Serializer):
    """Where to send the person who pays."""

    checkout_url = serializers.URLField(source="url")
    session_id = serializers.CharField()


class PortalDocument(serializers.Serializer):
    """Where cards, invoices and the cancellation are; the address works once and soon."""

    portal_url = serializers.URLField(source="url")


class InvoiceDocument(serializers.Serializer):
    """An invoice. Amounts are in the smallest unit of `currency`; the addresses are Stripe's."""

    id = serializers.CharField()
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=["open", "paid", "uncollectible", "void"])
    created_at = serializers.DateTimeField()
    description = serializers.CharField()
    amount_due = serializers.IntegerField()
    amount_paid = serializers.IntegerField()
    amount_remaining = serializers.IntegerField()
    currency = serializers.CharField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    page_url = serializers.URLField(allow_null=True)
    pdf_url = serializers.URLField(allow_null=True)


class InvoicePages(CursorPages):
    """Newest first."""

    ordering = ("-created", "-djstripe_id")


class PlansAPI(APIView):
    """GET /api/billing/plans"""

    permission_classes = [HasCapability]
    capability = Capability.SEE_PLAN

    @extend_schema(operation_id="billing_plans", tags=_TAGS, responses=Plans)
    def get(self, request: Request) -> Response:
        """The plans on offer, with limits in the units of GET /api/v1/usage."""
        return Response(Plans({"plans": plans.offered()}).data)


class SubscriptionAPI(APIView):
    """GET /api/billing/subscription"""

    permission_classes = [HasCapability]
    capability = Capability.SEE_PLAN

    @extend_schema(operation_id="billing_subscription", tags=_TAGS, responses=SubscriptionDocument)
    def get(self, request: Request) -> Response:
        """The subscription of the caller's tenant; a new tenant is on the free plan."""
        caller = cast(Principal, request.user)
        return Response(SubscriptionDocument(selectors.subscription(caller.tenant_id)).data)


class CheckoutAPI(APIView):
    """POST /api/billing/checkout"""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_BILLING

    @extend_schema(
        operation_id="billing_checkout",
        tags=_TAGS,
        request=CheckoutRequest,
        responses={
            200: CheckoutDocument,
            **problems(AlreadySubscribed, NotForSale, PaymentsUnavailable, PaymentsNotSetUp),
        },
    )
    def post(self, request: Request) -> Response:
        """A page of Stripe's to pay for a plan on; for who pays already, to confirm a change to it.

        Asked again while nobody has paid, it is the same page: two clicks never make two subscriptions.
        """
        form = CheckoutRequest(data=request.data)
        form.is_valid(raise_exception=True)
        caller = cast(Principal, request.user)
        opened = checkout.start(tenant_id=caller.tenant_id, plan=form.validated_data["plan"])
        return Response(CheckoutDocument(opened).data)


class PortalAPI(APIView):
    """POST /api/billing/portal"""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_BILLING

    @extend_schema(
        operation_id="billing_portal",
        tags=_TAGS,
        request=None,
        responses={
            200: PortalDocument,
            **problems(NothingToManage, PaymentsUnavailable, PaymentsNotSetUp),
        },
    )
    def post(self, request: Request) -> Response:
        """Stripe's pages for the card, the invoices and the cancellation."""
        caller = cast(Principal, request.user)
        return Response(PortalDocument(portal.open_portal(tenant_id=caller.tenant_id)).data)


class InvoicesAPI(APIView):
    """GET /api/billing/invoices"""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_BILLING

    @extend_schema(
        operation_id="billing_invoices",
        tags=_TAGS,
        parameters=PAGE_PARAMETERS,
        responses=page_of(InvoiceDocument),
    )
    def get(self, request: Request) -> Response:
        """The tenant's invoices, newest first."""
        caller = cast(Principal, request.user)
        pages: Any = InvoicePages()
        rows = pages.paginate_queryset(invoices.of_tenant(caller.tenant_id), request, view=self)
        documents = [invoices.read(row.stripe_data) for row in rows]
        return cast(Response, pages.get_paginated_response(InvoiceDocument(documents, many=True).data))
