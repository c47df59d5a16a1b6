"""The clients are generated from clients/python/openapi.json: it is what the server says."""

from __future__ import annotations

import json
from pathlib import Path

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

REGENERATE = "make schema"


def test_the_kept_description_is_the_servers() -> None:
    kept = json.loads(Path(settings.BASE_DIR, "clients", "python", "openapi.json").read_text())
    present = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # it has no types
    assert json.loads(OpenApiJsonRenderer().render(present)) == kept, f"Look what changed, then: {REGENERATE}"
