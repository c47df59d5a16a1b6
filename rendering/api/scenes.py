"""/api/v1/projects/{slug}/scenes: one narration over one picture each."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom.bodies import Body
from cutroom.errors import InvalidInput, NotFound, Unavailable
from cutroom.negotiation import OneForm
from cutroom.schema import file_responses, page_of, problems
from rendering import conf, scripts, selectors
from rendering.api.fields import Choice, link, without
from rendering.choices import Look, Motion, Resolution, Transition
from rendering.downloads import preview_response
from rendering.errors import ScriptTooLong
from rendering.languages import language_problem, voice_problem
from rendering.models import AssetKind, Project, Scene
from rendering.previews import preview
from tenants.roles import Capability

_TAGS = ["scenes"]


class SceneImage(serializers.Serializer):
    """The uploaded picture or clip of a scene."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=AssetKind.choices)
    name = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class SceneRecording(serializers.Serializer):
    """The uploaded sound that is heard instead of a voice."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    duration_seconds = serializers.FloatField()


class SceneSerializer(serializers.Serializer):
    """One scene. Without `image`, a card is drawn from `heading`, `image_prompt` or the narration.

    An empty `voice` or `language` is the project's; the look `auto` is, too. `heading` stands on the picture
    and is not spoken. `duration_seconds` null is as long as the voice needs; an empty `caption` is the
    narration itself.
    """

    id = serializers.UUIDField()
    position = serializers.IntegerField()
    narration = serializers.CharField()
    heading = serializers.CharField()
    look = serializers.ChoiceField(choices=Look.choices)
    voice = serializers.CharField()
    language = serializers.CharField()
    image_prompt = serializers.CharField()
    image = SceneImage(allow_null=True)
    recording = SceneRecording(allow_null=True)
    duration_seconds = serializers.FloatField(allow_null=True)
    transition = serializers.ChoiceField(choices=Transition.choices)
    motion = serializers.ChoiceField(choices=Motion.choices)
    caption = serializers.CharField()


def _text(longest: int) -> serializers.CharField:
    return serializers.CharField(allow_blank=True, required=False, max_length=longest)


class SceneChanges(Body):
    """Fields of a scene. `image` and `recording` are ids of assets of the same project, or null."""

    narration = _text(conf.MAX_NARRATION_CHARACTERS)
    heading = _text(conf.MAX_HEADING_CHARACTERS)
    look = Choice(Look.choices, required=False)
    voice = serializers.CharField(max_length=64, allow_blank=True, required=False)
    language = serializers.CharField(max_length=16, allow_blank=True, required=False)
    image_prompt = _text(conf.MAX_PROMPT_CHARACTERS)
    image = serializers.UUIDField(source="image_id", allow_null=True, required=False)
    recording = serializers.UUIDField(source="recording_id", allow_null=True, required=False)
    duration_seconds = serializers.FloatField(
        allow_null=True, required=False, min_value=0.1, max_value=conf.MAX_SCENE_SECONDS
    )
    transition = Choice(Transition.choices, required=False)
    motion = Choice(Motion.choices, required=False)
    caption = _text(conf.MAX_CAPTION_CHARACTERS)

    def validate_language(self, language: str) -> str:
        """Refuse a language that no voice speaks; none is the project's."""
        return without(language_problem(language) if language else "", language)

    def validate_voice(self, voice: str) -> str:
        """Refuse a voice that there is not; none is the project's."""
        return without(voice_problem(voice), voice)


class NewScene(SceneChanges):
    """A scene to add, at `position` (from 1) or at the end."""

    position = serializers.IntegerField(min_value=1, required=False)


class SceneOrder(Body):
    """Every scene of the project, once, in the wanted order."""

    ids = serializers.ListField(child=serializers.UUIDField(), max_length=conf.MAX_SCENES)


def scenes_page(project: Project) -> Response:
    """All scenes of a project in order; there are never enough for a second page."""
    scenes = Scene.objects.filter(project=project).select_related("image", "recording").order_by("position")
    rows = SceneSerializer(scenes, many=True).data
    return Response({"results": rows, "next": None, "previous": None})


def scene_response(project: Project, scene: Scene, *, status: int = 200) -> Response:
    """A scene as it is now."""
    headers = {"Location": link("scene", project.slug, scene.pk)} if status == 201 else {}
    fresh = selectors.scene_of(project, scene.pk)
    return Response(SceneSerializer(fresh).data, status=status, headers=headers)


class ScenesAPI(APIView):
    """GET, POST /api/v1/projects/{slug}/scenes"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="scenes_list",
        tags=_TAGS,
        responses={200: page_of(SceneSerializer), **problems(NotFound)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """The scenes of a project, in order."""
        return scenes_page(selectors.project_by_slug(slug))

    @extend_schema(
        operation_id="scenes_create",
        tags=_TAGS,
        request=NewScene,
        responses={201: SceneSerializer, **problems(InvalidInput, ScriptTooLong, NotFound)},
        examples=[
            OpenApiExample(
                "Second scene",
                value={"narration": "The wheel turns.", "image_prompt": "A water wheel", "position": 2},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Add a scene, at the end or at a position."""
        project = selectors.project_by_slug(slug)
        form = NewScene(data=request.data)
        form.is_valid(raise_exception=True)
        scene = scripts.add_scene(project=project, **form.validated_data)
        return scene_response(project, scene, status=201)


class SceneAPI(APIView):
    """GET, PATCH, DELETE /api/v1/projects/{slug}/scenes/{scene_id}"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="scenes_get", tags=_TAGS, responses={200: SceneSerializer, **problems(NotFound)}
    )
    def get(self, request: Request, slug: str, scene_id: UUID) -> Response:
        """One scene."""
        project = selectors.project_by_slug(slug)
        return scene_response(project, selectors.scene_of(project, scene_id))

    @extend_schema(
        operation_id="scenes_update",
        tags=_TAGS,
        request=SceneChanges,
        responses={200: SceneSerializer, **problems(InvalidInput, NotFound)},
        examples=[
            OpenApiExample("Slower", value={"duration_seconds": 8, "motion": "pan-left"}, request_only=True)
        ],
    )
    def patch(self, request: Request, slug: str, scene_id: UUID) -> Response:
        """Change a scene. Other scenes are not rendered again."""
        project = selectors.project_by_slug(slug)
        scene = selectors.scene_of(project, scene_id)
        form = SceneChanges(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        return scene_response(project, scripts.update_scene(scene=scene, **form.validated_data))

    @extend_schema(operation_id="scenes_delete", tags=_TAGS, responses={204: None, **problems(NotFound)})
    def delete(self, request: Request, slug: str, scene_id: UUID) -> Response:
        """Remove a scene. Its picture stays among the assets of the project."""
        project = selectors.project_by_slug(slug)
        scripts.delete_scene(scene=selectors.scene_of(project, scene_id))
        return Response(status=204)


class PreviewForm(Body):
    """Which frame: its size, and the seconds from the scene's start, its middle when left out."""

    resolution = Choice([Resolution.HD, Resolution.FULL_HD], default=Resolution.HD)
    fps = Choice(conf.FPS_CHOICES, default=24)
    at = serializers.FloatField(min_value=0, max_value=conf.MAX_SCENE_SECONDS, required=False)


class ScenePreviewAPI(APIView):
    """GET /api/v1/projects/{slug}/scenes/{scene_id}/preview"""

    capability = Capability.USE_PRODUCT
    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="scenes_preview",
        tags=_TAGS,
        parameters=[PreviewForm],
        responses={
            **file_responses("image/png", description="The frame"),
            **problems(InvalidInput, NotFound, Unavailable),
        },
    )
    def get(self, request: Request, slug: str, scene_id: UUID) -> HttpResponseBase:
        """One frame, pixel for pixel as the video will have it before it is encoded."""
        project = selectors.project_by_slug(slug)
        form = PreviewForm(data=request.query_params)
        form.is_valid(raise_exception=True)
        wanted = form.validated_data
        found = preview(
            project=project, scene=selectors.scene_of(project, scene_id), resolution=wanted["resolution"],
            fps=wanted["fps"], at_seconds=wanted.get("at"),
        )  # fmt: skip
        return preview_response(request._request, found)


class SceneOrderAPI(APIView):
    """POST /api/v1/projects/{slug}/scenes/order"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="scenes_order",
        tags=_TAGS,
        request=SceneOrder,
        responses={200: page_of(SceneSerializer), **problems(InvalidInput, NotFound)},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Put the scenes in another order."""
        project = selectors.project_by_slug(slug)
        form = SceneOrder(data=request.data)
        form.is_valid(raise_exception=True)
        return scenes_page(scripts.order_scenes(project=project, ids=form.validated_data["ids"]))
