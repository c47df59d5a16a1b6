"""/api/v1/brand: how the tenant's videos look."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom.bodies import Body
from cutroom.errors import InvalidInput, NotFound, Unavailable
from cutroom.negotiation import OneForm
from cutroom.schema import file_responses, problems
from rendering import brands
from rendering.api.fields import Choice, link
from rendering.brand_models import Brand
from rendering.choices import Corner, Font
from rendering.errors import UnusableFile
from tenants.downloads import file_response
from tenants.roles import Capability

_TAGS = ["brand"]
_COLOUR = r"^(#[0-9A-Fa-f]{6})?$"


class BrandChanges(Body):
    """Colours are "#rrggbb", all three or all empty. Ink needs a contrast of 4.5 to 1 on paper, accent of 3.

    A card before or after the video is made where its title is not empty.
    """

    paper = serializers.RegexField(_COLOUR, allow_blank=True, required=False)
    ink = serializers.RegexField(_COLOUR, allow_blank=True, required=False)
    accent = serializers.RegexField(_COLOUR, allow_blank=True, required=False)
    font = Choice(Font.choices, allow_blank=True, required=False)
    corner = Choice(Corner.choices, required=False, help_text="Where the logo stands in every frame")
    intro_title = serializers.CharField(max_length=120, allow_blank=True, required=False)
    intro_text = serializers.CharField(max_length=200, allow_blank=True, required=False)
    outro_title = serializers.CharField(max_length=120, allow_blank=True, required=False)
    outro_text = serializers.CharField(max_length=200, allow_blank=True, required=False)


class BrandSerializer(serializers.Serializer):
    """The brand kit. Projects use it unless their `brand` is false."""

    paper = serializers.CharField()
    ink = serializers.CharField()
    accent = serializers.CharField()
    font = serializers.ChoiceField(choices=Font.choices, allow_blank=True)
    corner = serializers.ChoiceField(choices=Corner.choices)
    intro_title = serializers.CharField()
    intro_text = serializers.CharField()
    outro_title = serializers.CharField()
    outro_text = serializers.CharField()
    logo = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_logo(self, brand: Brand) -> str | None:
        """Where the logo is, null without one."""
        return link("brand-logo-file") if brand.logo_key else None


class NewLogo(Body):
    """A PNG, JPEG or WebP picture in the form field `file`; transparency is kept."""

    file = serializers.FileField(allow_empty_file=True)


class BrandAPI(APIView):
    """GET, PATCH /api/v1/brand"""

    capability: ClassVar = {"GET": Capability.USE_PRODUCT, "PATCH": Capability.MANAGE_TENANT}

    @extend_schema(operation_id="brand_get", tags=_TAGS, responses={200: BrandSerializer})
    def get(self, request: Request) -> Response:
        """The brand kit of the workspace; everything is empty until somebody sets it."""
        return Response(BrandSerializer(brands.brand()).data)

    @extend_schema(
        operation_id="brand_update",
        tags=_TAGS,
        request=BrandChanges,
        responses={200: BrandSerializer, **problems(InvalidInput)},
        examples=[
            OpenApiExample(
                "Colours",
                value={"paper": "#0b1f33", "ink": "#f4f7fb", "accent": "#ffb000", "font": "manrope"},
                request_only=True,
            )
        ],
    )
    def patch(self, request: Request) -> Response:
        """Change the brand kit. The next render makes anew what the change shows in, and nothing else."""
        form = BrandChanges(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        return Response(BrandSerializer(brands.change(**form.validated_data)).data)


class BrandLogoAPI(APIView):
    """PUT, DELETE /api/v1/brand/logo"""

    capability = Capability.MANAGE_TENANT
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="brand_set_logo",
        tags=_TAGS,
        request={"multipart/form-data": NewLogo},
        responses={200: BrandSerializer, **problems(InvalidInput, UnusableFile, Unavailable)},
    )
    def put(self, request: Request) -> Response:
        """Set the logo. Counts as one upload and as storage."""
        form = NewLogo(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(BrandSerializer(brands.set_logo(upload=form.validated_data["file"])).data)

    @extend_schema(operation_id="brand_delete_logo", tags=_TAGS, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Have no logo any more."""
        brands.remove_logo()
        return Response(status=204)


class BrandLogoFileAPI(APIView):
    """GET /api/v1/brand/logo/file"""

    capability = Capability.USE_PRODUCT
    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="brand_download_logo",
        tags=_TAGS,
        responses={**file_responses("image/png", description="The logo"), **problems(NotFound)},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The logo."""
        brand = brands.brand()
        if not brand.logo_key:
            raise NotFound
        return file_response(request._request, brand.logo_key, "image/png")
