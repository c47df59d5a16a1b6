"""What the tenant's own programs are told about renders (webhooks)."""

from __future__ import annotations

from rendering import conf
from rendering.models import JobState, RenderJob
from tenants import webhooks


def ended(job: RenderJob) -> None:
    """Tell of a render that has succeeded or failed, in the transaction that ends it.

    One with stand-ins in it is both `render.succeeded` and `render.degraded`.
    """
    data = {
        "render_id": str(job.pk),
        "project_id": str(job.project_id) if job.project_id else None,
        "state": job.state,
        "degraded": job.degraded,
        "error": (job.error or {}).get("code"),
        "url": f"{conf.site_url()}/api/v1/renders/{job.pk}",
    }
    webhooks.announce(f"render.{job.state}", data)
    if job.state == JobState.SUCCEEDED and job.degraded:
        webhooks.announce("render.degraded", data)
