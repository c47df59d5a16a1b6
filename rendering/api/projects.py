"""/api/v1/projects: projects, and their scripts as a whole."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom.bodies import Body
from cutroom.conditional import conditional_response, has_precondition, precondition_holds
from cutroom.errors import InvalidInput, NotFound
from cutroom.pagination import CursorPages
from cutroom.schema import IF_MATCH, PAGE_PARAMETERS, page_of, problems
from rendering import conf, scripts, selectors
from rendering.api.fields import Choice, link, without
from rendering.api.scenes import SceneSerializer
from rendering.choices import (
    Aspect,
    CaptionPlace,
    Captions,
    Look,
    Music,
    MusicLevel,
    ScriptFormat,
    WhenUnavailable,
    music_choice,
)
from rendering.errors import EditConflict, PreconditionFailed, RenderRunning, ScriptTooLong
from rendering.languages import language_problem, voice_problem
from rendering.models import Project
from tenants.roles import Capability

LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
_TAGS = ["projects"]


@extend_schema_field({"oneOf": [{"type": "string", "enum": Captions.values}, {"type": "boolean"}]})
class CaptionsField(Choice):
    """How captions are shown; true is `words`, false is `off`."""

    def to_internal_value(self, data: Any) -> str:
        """The name of the way."""
        if isinstance(data, bool):
            data = Captions.WORDS.value if data else Captions.OFF.value
        return str(super().to_internal_value(data))


@extend_schema_field({"type": "string"})
class MusicField(serializers.CharField):
    """The name of a loop or the id of a sound file."""

    def to_internal_value(self, data: Any) -> str:
        """Refuse anything else."""
        name = super().to_internal_value(data)
        if name in Music.values:
            return name
        try:
            return str(UUID(name))
        except ValueError:
            loops = ", ".join(Music.values)
            detail = f'"{name}" is not possible here. Choose one of: {loops}, or the id of a sound file.'
            raise serializers.ValidationError(detail, code="invalid_choice") from None


class ProjectChanges(Body):
    """Settings of a project. `language` is a BCP 47 tag; an empty `voice` is the language's own.

    `captions` are burned into the picture (`words` lights up each word as it is spoken), a soft track inside
    the video, or off; `caption_place` is where burned ones stand, in the `middle` only over pictures. `music`
    is a loop's name or the id of an uploaded sound file of the project.
    """

    title = serializers.CharField(max_length=200)
    aspect = Choice(Aspect.choices, required=False)
    voice = serializers.CharField(max_length=64, allow_blank=True, required=False)
    language = serializers.RegexField(LANGUAGE, max_length=16, required=False)
    captions = CaptionsField(Captions.choices, required=False)
    caption_place = Choice(CaptionPlace.choices, required=False)
    look = Choice(Look.choices, required=False)
    brand = serializers.BooleanField(source="is_branded", required=False)
    music = MusicField(required=False)
    music_level = Choice(MusicLevel.choices, required=False)
    when_unavailable = Choice(WhenUnavailable.choices, required=False)

    def validate_language(self, language: str) -> str:
        """Refuse a language that no voice speaks."""
        return without(language_problem(language), language)

    def validate_voice(self, voice: str) -> str:
        """Refuse a voice that there is not."""
        return without(voice_problem(voice), voice)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A loop and an uploaded file are kept in two columns."""
        return {**attrs, **music_choice(attrs.pop("music"))} if "music" in attrs else attrs


class NewProject(ProjectChanges):
    """A project to make, with its scenes if a script comes along."""

    script = serializers.CharField(allow_blank=True, required=False, max_length=conf.MAX_SCRIPT_CHARACTERS)


class ScriptText(Body):
    """Plain text or Markdown, where a blank line or a heading starts a scene; or, as `format` says, CSV with
    one scene a row (columns narration, image_prompt, caption, duration_seconds, transition, motion) or SRT.
    """

    script = serializers.CharField(trim_whitespace=False, allow_blank=True)
    format = Choice(ScriptFormat.choices, source="form", required=False)


class ProjectSerializer(serializers.Serializer):
    """A project with its scenes. `version` grows with every edit and is what the ETag names."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    title = serializers.CharField()
    aspect = serializers.ChoiceField(choices=Aspect.choices)
    voice = serializers.CharField()
    language = serializers.CharField()
    captions = serializers.ChoiceField(choices=Captions.choices)
    caption_place = serializers.ChoiceField(choices=CaptionPlace.choices)
    look = serializers.ChoiceField(choices=Look.choices)
    brand = serializers.BooleanField(source="is_branded")
    music = serializers.SerializerMethodField()
    music_level = serializers.ChoiceField(choices=MusicLevel.choices)
    when_unavailable = serializers.ChoiceField(choices=WhenUnavailable.choices)
    version = serializers.IntegerField()
    scenes = SceneSerializer(many=True, source="scenes.all")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_music(self, project: Project) -> str:
        """A loop's name, or the id of an uploaded sound file."""
        return str(project.music_asset_id or project.music)


def project_etag(project: Project) -> str:
    """The strong tag of a project's present version."""
    return f'"{project.pk.hex[:12]}-{project.version}"'


def expected_version(request: Request, project: Project) -> int | None:
    """The version If-Match insists on. Raises PreconditionFailed when it is not the present one."""
    if not precondition_holds(request, project_etag(project)):
        raise PreconditionFailed()
    return project.version if has_precondition(request) else None


def project_response(slug: str, *, status: int = 200) -> Response:
    """A project as it is now, with its tag."""
    project = selectors.project_with_scenes(slug)
    headers = {"ETag": project_etag(project)}
    if status == 201:
        headers["Location"] = link("project", slug)
    return Response(ProjectSerializer(project).data, status=status, headers=headers)


class ProjectsAPI(APIView):
    """GET, POST /api/v1/projects"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="projects_list",
        tags=_TAGS,
        parameters=PAGE_PARAMETERS,
        responses=page_of(ProjectSerializer),
    )
    def get(self, request: Request) -> Response:
        """Your projects with their scenes, newest first."""
        pages = CursorPages()
        rows = pages.paginate_queryset(selectors.projects(), request)
        return pages.get_paginated_response(ProjectSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="projects_create",
        tags=_TAGS,
        request=NewProject,
        responses={201: ProjectSerializer, **problems(InvalidInput, ScriptTooLong)},
        examples=[
            OpenApiExample(
                "With a script",
                value={"title": "How a tide mill works", "script": "The tide comes.\n\nThe wheel turns."},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Make a project. Its slug comes from the title."""
        form = NewProject(data=request.data)
        form.is_valid(raise_exception=True)
        project = scripts.create_project(**form.validated_data)
        return project_response(project.slug, status=201)


class ProjectAPI(APIView):
    """GET, PATCH, DELETE /api/v1/projects/{slug}"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="projects_get", tags=_TAGS, responses={200: ProjectSerializer, **problems(NotFound)}
    )
    def get(self, request: Request, slug: str) -> Response:
        """One project with its scenes."""
        project = selectors.project_with_scenes(slug)
        return conditional_response(request, ProjectSerializer(project).data, etag=project_etag(project))

    @extend_schema(
        operation_id="projects_update",
        tags=_TAGS,
        parameters=[IF_MATCH],
        request=ProjectChanges,
        responses={
            200: ProjectSerializer,
            **problems(InvalidInput, NotFound, EditConflict, PreconditionFailed),
        },
        examples=[OpenApiExample("Upright", value={"aspect": "9:16", "captions": "soft"}, request_only=True)],
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Change settings. The slug stays, so links keep working."""
        project = selectors.project_by_slug(slug)
        form = ProjectChanges(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        version = expected_version(request, project)
        scripts.update_project(project=project, expected_version=version, **form.validated_data)
        return project_response(slug)

    @extend_schema(
        operation_id="projects_delete",
        tags=_TAGS,
        responses={204: None, **problems(NotFound, RenderRunning)},
    )
    def delete(self, request: Request, slug: str) -> Response:
        """Remove a project and its assets. Its finished videos stay."""
        scripts.delete_project(project=selectors.project_by_slug(slug))
        return Response(status=204)


class ScriptAPI(APIView):
    """PUT /api/v1/projects/{slug}/script"""

    capability = Capability.USE_PRODUCT

    @extend_schema(
        operation_id="projects_put_script",
        tags=_TAGS,
        parameters=[IF_MATCH],
        request=ScriptText,
        responses={
            200: ProjectSerializer,
            **problems(InvalidInput, ScriptTooLong, NotFound, EditConflict, PreconditionFailed),
        },
        examples=[
            OpenApiExample(
                "Two scenes",
                value={"script": "# The pond\n\nThe tide fills it.\n\n![a wooden wheel]()\nThe wheel turns."},
                request_only=True,
            )
        ],
    )
    def put(self, request: Request, slug: str) -> Response:
        """Make the scenes anew from a text. Scenes whose narration is unchanged keep everything else."""
        project = selectors.project_by_slug(slug)
        form = ScriptText(data=request.data)
        form.is_valid(raise_exception=True)
        version = expected_version(request, project)
        scripts.replace_script(project=project, expected_version=version, **form.validated_data)
        return project_response(slug)
