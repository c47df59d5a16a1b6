"""GET /api/v1/usage/history and /api/v1/usage/events: usage by day, and the ledger it is the sum of."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom import clock
from cutroom.errors import InvalidInput
from cutroom.negotiation import CsvForm, JsonLinesForm, RowForms
from cutroom.pagination import CursorPages
from cutroom.schema import PAGE_PARAMETERS, page_of, problems
from metering import exports, history
from metering.api import Amount
from metering.meters import Meter
from metering.periods import month_of
from tenants import row_files
from tenants.http import Principal
from tenants.roles import Capability

MOST_DAYS = 366
_TAGS = ["usage"]
_EXACT = "In pieces, milliseconds or bytes: add these up, `amount` is rounded."


class Days(serializers.Serializer):
    """Which days in UTC, both included; this month unless given."""

    to = serializers.DateField(
        required=False, help_text="The last day, UTC; that of this month unless given."
    )

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name Python lets a class have."""
        first = serializers.DateField(
            required=False, help_text="The first day, UTC; that of this month unless given."
        )
        return {"from": first, **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Both days, in order."""
        month = month_of(clock.now())
        attrs.setdefault("from", month.start)
        attrs.setdefault("to", max(month.last_day, attrs["from"]))
        if attrs["to"] < attrs["from"]:
            raise serializers.ValidationError({"to": "This day is before the first one."}, code="order")
        return attrs


class HistoryDays(Days):
    """Days of a history: at most 366."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Both days, in order and not too many."""
        attrs = super().validate(attrs)
        if (attrs["to"] - attrs["from"]).days >= MOST_DAYS:
            detail = f"These are more than {MOST_DAYS} days."
            raise serializers.ValidationError({"to": detail}, code="too_many")
        return attrs


class LineFilter(Days):
    """Which lines of the ledger."""

    meter = serializers.ChoiceField(choices=Meter.choices, required=False)
    subject = serializers.CharField(
        required=False, max_length=200, help_text="What the lines are for, such as `render:<id>`."
    )


class UsageDay(serializers.Serializer):
    """What moved on one day. Days without a move are left out."""

    day = serializers.DateField()
    amount = Amount()
    exact = serializers.IntegerField(help_text=_EXACT)


class MeterHistory(serializers.Serializer):
    """The days of one meter. Of storage, a level, they say by how much it rose or fell."""

    meter = serializers.ChoiceField(choices=Meter.choices)
    unit = serializers.ChoiceField(choices=["count", "minutes", "GB"])
    days = UsageDay(many=True)


class UsageHistory(serializers.Serializer):
    """Usage by day and meter."""

    to = serializers.DateField()
    meters = MeterHistory(many=True)

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name Python lets a class have."""
        return {"from": serializers.DateField(), **super().get_fields()}


class UsageLine(serializers.Serializer):
    """One line of the ledger: what was used, when, and for what. Lines never change; corrections are new."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    meter = serializers.ChoiceField(choices=Meter.choices)
    amount = Amount()
    unit = serializers.ChoiceField(choices=["count", "minutes", "GB"])
    exact = serializers.IntegerField(help_text=_EXACT)
    period = serializers.DateField(
        allow_null=True, help_text="First day of the month it counts in, which is when the work was admitted."
    )
    subject = serializers.CharField()
    project_id = serializers.UUIDField(allow_null=True)
    user_id = serializers.UUIDField(allow_null=True)


class LinePages(CursorPages):
    """Newest first, by the index of the ledger."""

    ordering = ("-at", "-id")


class UsageHistoryAPI(APIView):
    """GET /api/v1/usage/history"""

    capability = Capability.SEE_USAGE

    @extend_schema(
        operation_id="usage_history",
        tags=_TAGS,
        parameters=[HistoryDays],
        responses={200: UsageHistory, **problems(InvalidInput)},
    )
    def get(self, request: Request) -> Response:
        """What each meter counted day by day: this month, or any 366 days."""
        form = HistoryDays(data=request.query_params)
        form.is_valid(raise_exception=True)
        first, last = form.validated_data["from"], form.validated_data["to"]
        days = history.days_by_meter(first, last)
        meters = [
            {"meter": meter, "unit": meter.unit, "days": _shown(meter, found)}
            for meter, found in days.items()
        ]
        return Response(UsageHistory({"from": first, "to": last, "meters": meters}).data)


class UsageEventsAPI(APIView):
    """GET /api/v1/usage/events"""

    capability = Capability.SEE_USAGE

    renderer_classes = [JSONRenderer, CsvForm, JsonLinesForm]
    content_negotiation_class = RowForms

    @extend_schema(
        operation_id="usage_events",
        tags=_TAGS,
        parameters=[LineFilter, *PAGE_PARAMETERS],
        responses={
            (200, "application/json"): page_of(UsageLine),
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="All lines, oldest first"),
            (200, "application/jsonl"): OpenApiResponse(
                OpenApiTypes.STR, description="All lines, oldest first"
            ),
            **problems(InvalidInput),
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The ledger: JSON in pages, newest first, or all chosen lines as one CSV or JSONL file."""
        form = LineFilter(data=request.query_params)
        form.is_valid(raise_exception=True)
        lines = _lines(**form.validated_data)
        renderer = cast(Any, request).accepted_renderer
        if renderer.format in row_files.FORMS:
            principal = cast(Principal, request.user)
            name = f"usage-{principal.tenant_slug}-{lines.first}-{lines.last}"
            return exports.ledger_file(
                request._request, tenant_id=principal.tenant_id, lines=lines, kind=renderer.format, name=name
            )
        pages = LinePages()
        rows = pages.paginate_queryset(lines.newest_first(), request) or []
        documents = [exports.line_document(event) for event in rows]
        return pages.get_paginated_response(documents)


def _lines(*, to: Any, meter: str | None = None, subject: str = "", **more: Any) -> history.Lines:
    return history.Lines(first=more["from"], last=to, meter=Meter(meter) if meter else None, subject=subject)


def _shown(meter: Meter, days: list[history.Day]) -> list[dict[str, Any]]:
    return [{"day": day.day, "amount": meter.shown(day.amount), "exact": day.amount} for day in days]
