"""The project every new tenant starts with, so that a first video is one click away."""

from __future__ import annotations

from uuid import UUID

from rendering.choices import Motion
from rendering.models import Project, Scene
from tenants.context import tenant_context

SLUG = "test"
TITLE = "How a tide mill works"
_SCENES = (
    (
        "Twice a day, the rising tide fills a pond behind the mill.",
        "A still pond behind a stone mill at high tide",
        Motion.ZOOM_IN,
    ),
    (
        "At high water the gate falls shut, and the sea leaves without its water.",
        "A wooden gate closing while the sea draws back",
        Motion.PAN_RIGHT,
    ),
    (
        "Then the miller opens the sluice. The pond turns the wheel, and the wheel grinds the flour.",
        "A turning water wheel and sacks of flour",
        Motion.ZOOM_OUT,
    ),
)


def starter_project(*, tenant_id: UUID) -> Project:
    """The tenant's project `test` with three scenes, made unless it is there already."""
    with tenant_context(tenant_id):
        project, is_new = Project.objects.get_or_create(slug=SLUG, defaults={"title": TITLE})
        if is_new:
            Scene.objects.bulk_create(
                Scene(
                    tenant_id=tenant_id,
                    project=project,
                    position=position,
                    narration=narration,
                    image_prompt=prompt,
                    motion=motion,
                )
                for position, (narration, prompt, motion) in enumerate(_SCENES, start=1)
            )
        return project
