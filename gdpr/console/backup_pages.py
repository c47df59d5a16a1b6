"""The page of backups: how they stand, the last of them, and how to make, check and restore one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from cutroom import clock
from cutroom.console import pages
from cutroom.console.pages import page
from cutroom.console.site import render_page
from gdpr import conf
from gdpr.backups.status import status
from gdpr.models import BackupRun
from tenants.console import lists

pages.entry(label="Backups", icon="download", name="backups", area="backups", order=55)
pages.entry(
    label="Privacy requests",
    icon="lock",
    name="gdpr_privacyrequest_changelist",
    area="gdpr/privacyrequest",
    order=57,
)
pages.entry(label="Erasures", icon="trash", name="gdpr_erasure_changelist", area="gdpr/erasure", order=58)


@page("backups/", name="backups")
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Backups by their rows; the store has the proof."""
    at = clock.now()
    context = {
        "at": at,
        "status": status(at),
        "kept_days": conf.backup_kept().days,
        "hour": conf.backup_hour(),
        "listing": lists.page_of(request, BackupRun.objects.using("ops").order_by("-started_at")),
    }
    return render_page(request, "gdpr/console/backups.html", context)
