"""GET /api/v1/voices: who can speak."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom.errors import InvalidInput
from cutroom.schema import page_of, problems
from rendering.languages import language_problem, voices_for
from tenants.roles import Capability


class VoiceSerializer(serializers.Serializer):
    """A voice of the built-in engine. `id` goes into `voice` of a project or a scene."""

    id = serializers.CharField()
    name = serializers.CharField()
    is_natural = serializers.BooleanField()
    languages = serializers.ListField(child=serializers.CharField(), help_text="BCP 47 tags")


class VoicesAPI(APIView):
    """GET /api/v1/voices"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="voices_list",
        tags=["voices"],
        parameters=[OpenApiParameter("language", str, description="Only voices of this language (BCP 47)")],
        responses={200: page_of(VoiceSerializer), **problems(InvalidInput)},
    )
    def get(self, request: Request) -> Response:
        """All voices; the first that speaks a language is its standard one. There is one page."""
        language = request.query_params.get("language", "")
        problem = language_problem(language) if language else ""
        if problem:
            raise InvalidInput(errors=[{"field": "language", "code": "unknown-language", "detail": problem}])
        rows = VoiceSerializer(voices_for(language), many=True).data
        return Response({"results": rows, "next": None, "previous": None})
