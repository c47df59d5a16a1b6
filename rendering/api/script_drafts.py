"""/api/v1/script-drafts: a topic in, a script out."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom import clock
from cutroom.bodies import Body
from cutroom.errors import InvalidInput, NotFound
from cutroom.schema import problems
from rendering import conf, drafting, selectors
from rendering.api.fields import link, without
from rendering.api.projects import LANGUAGE
from rendering.errors import NobodyWrites
from rendering.languages import language_problem
from rendering.providers.models import DraftState, ScriptDraft
from tenants.http import Principal
from tenants.roles import Capability

_RETRY_AFTER_SECONDS = "2"
_TAGS = ["projects"]


class ScriptTopic(Body):
    """What to write about, in which language (BCP 47), and in how many scenes."""

    topic = serializers.CharField(max_length=500)
    language = serializers.RegexField(LANGUAGE, max_length=16, default="en")
    scenes = serializers.IntegerField(min_value=1, max_value=conf.MAX_DRAFTED_SCENES, default=6)

    def validate_language(self, language: str) -> str:
        """Refuse a language that no voice speaks."""
        return without(language_problem(language), language)


class ScriptDraftSerializer(serializers.Serializer):
    """A script that is being written, or is; give `script` to POST /api/v1/projects."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=DraftState.choices)
    topic = serializers.CharField()
    language = serializers.CharField()
    title = serializers.CharField()
    script = serializers.CharField()
    error = serializers.CharField()
    status_url = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_status_url(self, draft: ScriptDraft) -> str:
        """Where to look again."""
        return link("script-draft", draft.pk)


class ScriptDraftsAPI(APIView):
    """POST /api/v1/script-drafts"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="script_drafts_create",
        tags=_TAGS,
        request=ScriptTopic,
        responses={202: ScriptDraftSerializer, **problems(InvalidInput, NobodyWrites)},
        examples=[
            OpenApiExample(
                "Six scenes", value={"topic": "How a tide mill works", "scenes": 6}, request_only=True
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Have a script written about a topic, by the provider that the operator has set."""
        form = ScriptTopic(data=request.data)
        form.is_valid(raise_exception=True)
        principal = cast(Principal, request.user)
        draft = drafting.ask(user_id=principal.user_id, at=clock.now(), **form.validated_data)
        headers = {"Location": link("script-draft", draft.pk), "Retry-After": _RETRY_AFTER_SECONDS}
        return Response(ScriptDraftSerializer(draft).data, status=202, headers=headers)


class ScriptDraftAPI(APIView):
    """GET /api/v1/script-drafts/{id}"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="script_drafts_get",
        tags=_TAGS,
        responses={200: ScriptDraftSerializer, **problems(NotFound)},
    )
    def get(self, request: Request, draft_id: UUID) -> Response:
        """How a script stands; its text once `state` is succeeded, the reason in `error` when it failed."""
        draft = selectors.script_draft(draft_id)
        headers = {"Retry-After": _RETRY_AFTER_SECONDS} if draft.state == DraftState.QUEUED else {}
        return Response(ScriptDraftSerializer(draft).data, headers=headers)
