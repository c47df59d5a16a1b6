"""GET /api/v1/usage/check and /api/v1/usage/limit-requests: may I, and may I have more."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom import clock
from cutroom.bodies import Body
from cutroom.errors import InvalidInput
from cutroom.pagination import CursorPages
from cutroom.schema import PAGE_PARAMETERS, page_of, problems
from metering import decisions, requests
from metering.api import Amount
from metering.decisions import Decision
from metering.errors import RequestWaits
from metering.meters import Meter
from metering.models import LimitRequest, RequestState
from tenants.http import Principal
from tenants.permissions import HasCapability
from tenants.roles import Capability

_TAGS = ["usage"]


class Question(serializers.Serializer):
    """How much of which meter."""

    meter = serializers.ChoiceField(choices=Meter.choices)
    amount = serializers.DecimalField(
        max_digits=12,
        decimal_places=3,
        min_value=0,
        default=Decimal(0),
        help_text="In the unit of the meter: whole pieces, minutes or GB.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Half a picture is none."""
        return _whole(attrs, "amount")


class WayOutDocument(serializers.Serializer):
    """Something that helps: `url` leads there, `at` is when it helps by itself."""

    way = serializers.ChoiceField(choices=decisions.Way.choices)
    detail = serializers.CharField(source="way.label")
    url = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField(allow_null=True)


class Answer(serializers.Serializer):
    """May this much be used now, and if not, what helps. Nothing is held by asking."""

    allowed = serializers.BooleanField()
    meter = serializers.ChoiceField(choices=Meter.choices)
    unit = serializers.ChoiceField(choices=["count", "minutes", "GB"])
    requested = Amount()
    used = Amount()
    held = Amount()
    limit = Amount(allow_null=True)
    left = Amount(allow_null=True)
    credits = Amount(help_text="How much of `limit` is left of credits bought or given beside the plan.")
    resets_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.ChoiceField(choices=decisions.Reason.choices)
    detail = serializers.CharField()
    ways_out = WayOutDocument(many=True)


class Wish(Body):
    """A higher limit, and what it is for."""

    meter = serializers.ChoiceField(choices=Meter.choices)
    wanted = serializers.DecimalField(
        max_digits=12, decimal_places=3, min_value=0, help_text="In the unit of the meter."
    )
    note = serializers.CharField(max_length=1000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Half a picture is none."""
        return _whole(attrs, "wanted")


class LimitRequestDocument(serializers.Serializer):
    """A request for a higher limit, and how it was answered."""

    id = serializers.UUIDField()
    meter = serializers.ChoiceField(choices=Meter.choices)
    wanted = Amount()
    limit = Amount(allow_null=True, help_text="The limit when it was asked for.")
    note = serializers.CharField()
    state = serializers.ChoiceField(choices=RequestState.choices)
    answer = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class CheckAPI(APIView):
    """GET /api/v1/usage/check"""

    permission_classes = [HasCapability]
    capability = Capability.SEE_USAGE

    @extend_schema(
        operation_id="usage_check",
        tags=_TAGS,
        parameters=[Question],
        responses={200: Answer, **problems(InvalidInput)},
    )
    def get(self, request: Request) -> Response:
        """Would this much be admitted now? Everything about one meter in one answer."""
        form = Question(data=request.query_params)
        form.is_valid(raise_exception=True)
        meter = Meter(form.validated_data["meter"])
        decision = decisions.decide(
            tenant_id=cast(Principal, request.user).tenant_id,
            meter=meter,
            amount=meter.smallest(form.validated_data["amount"]),
            at=clock.now(),
        )
        return Response(Answer(_shown(decision)).data)


class LimitRequestsAPI(APIView):
    """GET, POST /api/v1/usage/limit-requests"""

    permission_classes = [HasCapability]
    capability = {"GET": Capability.SEE_USAGE, "POST": Capability.MANAGE_LIMITS}

    @extend_schema(
        operation_id="limit_requests_list",
        tags=_TAGS,
        parameters=PAGE_PARAMETERS,
        responses={200: page_of(LimitRequestDocument)},
    )
    def get(self, request: Request) -> Response:
        """What the tenant asked for, newest first."""
        pages = CursorPages()
        rows = pages.paginate_queryset(LimitRequest.objects.all(), request) or []
        return pages.get_paginated_response([_document(each) for each in rows])

    @extend_schema(
        operation_id="limit_requests_create",
        tags=_TAGS,
        request=Wish,
        responses={201: LimitRequestDocument, **problems(InvalidInput, RequestWaits)},
    )
    def post(self, request: Request) -> Response:
        """Ask for a higher limit. It waits for an operator, who grants or declines it by mail."""
        form = Wish(data=request.data)
        form.is_valid(raise_exception=True)
        meter = Meter(form.validated_data["meter"])
        asked = requests.ask(
            meter=meter,
            wanted=meter.smallest(form.validated_data["wanted"]),
            note=form.validated_data["note"],
            user_id=cast(Principal, request.user).user_id,
            at=clock.now(),
        )
        return Response(_document(asked), status=201)


def _whole(attrs: dict[str, Any], field: str) -> dict[str, Any]:
    if Meter(attrs["meter"]).unit == "count" and attrs[field] % 1:
        raise serializers.ValidationError({field: ["Pieces are counted in whole numbers."]})
    return attrs


def _shown(decision: Decision) -> dict[str, Any]:
    meter = decision.meter
    amounts = {
        "requested": decision.requested,
        "used": decision.used,
        "held": decision.held,
        "limit": decision.limit,
        "left": decision.left,
        "credits": decision.credits,
    }
    return {
        "allowed": decision.is_allowed,
        "meter": meter,
        "unit": meter.unit,
        "resets_at": decision.resets_at,
        "reason": decision.reason,
        "detail": decision.reason.label,
        "ways_out": decision.ways_out,
        **{name: None if amount is None else meter.shown(amount) for name, amount in amounts.items()},
    }


def _document(asked: LimitRequest) -> Any:
    meter = Meter(asked.meter)
    values = {
        "wanted": meter.shown(asked.wanted_amount),
        "limit": None if asked.limit_amount is None else meter.shown(asked.limit_amount),
    }
    names = ("id", "meter", "note", "state", "answer", "created_at", "decided_at")
    return LimitRequestDocument({**values, **{name: getattr(asked, name) for name in names}}).data
