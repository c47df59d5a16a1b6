"""GET /api/v1/usage: the meters of the caller's tenant."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom import clock
from metering import selectors
from metering.meters import Meter
from tenants.http import Principal
from tenants.roles import Capability


@extend_schema_field(OpenApiTypes.NUMBER)
class Amount(serializers.Field):
    """A number in the unit of its meter: pieces stay whole, minutes and GB have up to three decimals."""

    def to_representation(self, value: int | float) -> int | float:
        """Unchanged."""
        return value


class UsagePeriod(serializers.Serializer):
    """The present month in UTC; `end` is the first moment after it."""

    start = serializers.DateTimeField(source="starts_at")
    end = serializers.DateTimeField(source="ends_at")


class UsageMeter(serializers.Serializer):
    """One meter. `limit` null is unlimited; `percent` counts what is held by running renders."""

    meter = serializers.ChoiceField(choices=Meter.choices)
    unit = serializers.ChoiceField(choices=["count", "minutes", "GB"])
    used = Amount()
    held = Amount()
    limit = Amount(allow_null=True)
    percent = serializers.FloatField()
    resets_at = serializers.DateTimeField(allow_null=True)
    forecast_runs_out_on = serializers.DateField(allow_null=True)


class Usage(serializers.Serializer):
    """What is used, held and left."""

    period = UsagePeriod()
    meters = UsageMeter(many=True)


class UsageAPI(APIView):
    """GET /api/v1/usage"""

    capability = Capability.SEE_USAGE

    @extend_schema(operation_id="usage", tags=["usage"], responses=Usage)
    def get(self, request: Request) -> Response:
        """The five meters of this month, with the day each runs out at the present pace."""
        principal = cast(Principal, request.user)
        at = clock.now()
        standing = selectors.standing(principal.tenant_id, at)
        document: dict[str, Any] = {"period": standing.period, "meters": standing.rows}
        return Response(Usage(document).data)
