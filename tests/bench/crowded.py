"""What a film takes while another tenant has a long queue of its own."""

from __future__ import annotations

from cutroom import clock
from cutroom.terminal import say
from rendering import services
from rendering.models import Project, Scene
from tenants.context import tenant_context
from tests.bench import film
from tests.bench.our_engine import Customer

QUEUED = 1_000
PLAN = "enterprise"


def queue(customer: Customer, slug: str) -> None:
    """Ask for QUEUED films of a project, no two the same, so that each is work."""
    customer.subscribe(PLAN)
    say(f"Queueing {QUEUED} films of somebody else")
    for number in range(QUEUED):
        with tenant_context(customer.tenant_id):
            project = Project.objects.get(slug=slug)
            first = Scene.objects.filter(project=project).order_by("position")[:1]
            Scene.objects.filter(pk__in=first).update(narration=f"This is film number {number}.")
            services.submit(project=project, resolution="1080p", fps=film.FPS, user_id=None, at=clock.now())
