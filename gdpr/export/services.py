"""What people do with exports: ask, look, download, delete. Call inside the tenant's context."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase

from cutroom import clock, dispatch
from cutroom.errors import NotFound, PermissionDenied
from gdpr import conf
from gdpr.errors import ExportFailed, ExportGone, TooManyExports
from gdpr.export.making import archive_key
from gdpr.export.models import OPEN_STATES, Export, ExportState
from tenants import audit, storage
from tenants.downloads import file_response
from tenants.http import Principal
from tenants.roles import Capability

ROWS_SHOWN = 10


def request_export(principal: Principal, *, at: datetime) -> Export:
    """Ask for an archive: of the workspace for who may export it, else of what is about the person.

    One that is still being made is returned instead. Raises TooManyExports.
    """
    if (waiting := _open_of(principal)) is not None:
        return waiting
    _limit(principal, at=at)
    try:
        with transaction.atomic():
            export = _create(principal, at=at)
    except IntegrityError:
        # Another request of the same person was faster.
        export = _open_of(principal) or _create(principal, at=at)
    audit.record("export.requested", target=f"export:{export.pk}", detail={"whole": export.is_whole})
    dispatch.after_commit("gdpr.make_exports")
    return export


def exports_of(principal: Principal) -> list[Export]:
    """The person's latest exports in this workspace, newest first."""
    return list(_own(principal).order_by("-created_at", "-id")[:ROWS_SHOWN])


def find(principal: Principal, *, export_id: UUID | None = None, name: str = "") -> Export:
    """The person's own export by id or by name. Raises NotFound for anybody else's."""
    wanted = Q(pk=export_id) if export_id else Q(name=name)
    export = _own(principal).filter(wanted).first()
    if export is None:
        raise NotFound()
    return export


def require_ready(export: Export, *, at: datetime) -> None:
    """Raise ExportGone when its time is over, ExportFailed when it could not be made."""
    if export.state == ExportState.EXPIRED or (export.expires_at is not None and export.expires_at <= at):
        raise ExportGone()
    if export.state == ExportState.FAILED:
        raise ExportFailed(f"This export could not be made: {export.error}. Ask for a new one.")


def download(request: HttpRequest, export: Export) -> HttpResponseBase:
    """Answer with the archive, or the range asked for, and write down that it was fetched."""
    response = file_response(request, archive_key(export), "application/zip", download_name=export.name)
    if request.method == "GET" and response.status_code in (200, 206):
        sent = response.get("Content-Range", "") or f"all {export.size_bytes} bytes"
        audit.record("export.downloaded", target=f"export:{export.pk}", detail={"sent": sent})
    return response


def delete(export: Export) -> None:
    """Delete the archive now, or stop making it; the link then answers 410."""
    Export.objects.filter(pk=export.pk).update(state=ExportState.EXPIRED, finished_at=clock.now())
    storage.delete_after_commit(archive_key(export))
    audit.record("export.deleted", target=f"export:{export.pk}")


def _own(principal: Principal) -> QuerySet[Export]:
    return Export.objects.filter(user_id=_person(principal))


def _person(principal: Principal) -> UUID:
    if principal.user_id is None:
        raise PermissionDenied("Exports are for people. Sign in for that.")
    return principal.user_id


def _open_of(principal: Principal) -> Export | None:
    return _own(principal).filter(state__in=OPEN_STATES).first()


def _create(principal: Principal, *, at: datetime) -> Export:
    return Export.objects.create(
        name=_free_name(principal.tenant_slug, at=at),
        is_whole=principal.may(Capability.EXPORT_TENANT),
        user_id=_person(principal),
        created_at=at,
    )


def _free_name(slug: str, *, at: datetime) -> str:
    """The name of the contract; two in one second are a second apart."""
    moment = at
    while Export.objects.filter(name=(name := f"export-{slug}-{moment:%Y%m%d_%H%M%S}.zip")).exists():
        moment += timedelta(seconds=1)
    return name


def _limit(principal: Principal, *, at: datetime) -> None:
    day = timedelta(days=1)
    recent = _own(principal).filter(created_at__gt=at - day).order_by("-created_at")
    times = list(recent.values_list("created_at", flat=True)[: conf.exports_a_day()])
    if len(times) >= conf.exports_a_day():
        wait = math.ceil((times[-1] + day - at).total_seconds())
        detail = f"You asked for {len(times)} exports in the last 24 hours. Use one of them, or wait."
        raise TooManyExports(detail, retry_after=max(1, wait))
