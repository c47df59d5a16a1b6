"""/account: devices, API keys, exports, backups, and where everything else of an account is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import services as accounts
from accounts import sessions
from accounts.models import ApiKey
from accounts.recent_sign_in import require_recent_sign_in
from cutroom import clock
from cutroom.errors import DomainError
from cutroom.pages import require_principal
from gdpr import conf
from gdpr.backups.status import status
from gdpr.export import services as exports
from tenants.http import Principal
from tenants.permissions import needs
from tenants.roles import Capability

ACCOUNT = "gdpr-pages:account"


@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Everything of one's account on one page."""
    return _page(request)


@require_POST
def sign_out_device(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """End one of the caller's sessions."""
    caller = cast(Principal, require_principal(request))
    accounts.end_session(user_id=cast(UUID, caller.user_id), session_id=session_id, at=clock.now())
    messages.success(request, "That device is signed out.")
    return redirect(reverse(ACCOUNT) + "#devices")


@require_POST
@needs(Capability.MANAGE_KEYS)
@require_recent_sign_in(back=ACCOUNT)
def make_key(request: HttpRequest) -> HttpResponse:
    """A new API key, shown this once; older ones work on for as long as was chosen."""
    caller = cast(Principal, require_principal(request))
    hours = {"1": 1, "24": 24, "168": 168}.get(request.POST.get("grace_hours", ""), 0)
    plain, _ = accounts.rotate_api_key(user_id=caller.user_id, grace=timedelta(hours=hours), at=clock.now())
    response = _page(request, new_key=plain)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@needs(Capability.MANAGE_KEYS)
def revoke_key(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """End an API key now."""
    accounts.revoke_api_key(key_id=key_id, at=clock.now())
    messages.success(request, "The key is revoked. Programs that use it get 401 from now on.")
    return redirect(reverse(ACCOUNT) + "#keys")


@require_POST
@needs(Capability.EXPORT_OWN)
def make_export(request: HttpRequest) -> HttpResponse:
    """Ask for an export."""
    try:
        exports.request_export(cast(Principal, require_principal(request)), at=clock.now())
    except DomainError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, "Your export is being made. A mail tells you when it is ready.")
    return redirect(reverse(ACCOUNT) + "#export")


@require_POST
@needs(Capability.EXPORT_OWN)
def delete_export(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """Delete an export before its time."""
    caller = cast(Principal, require_principal(request))
    exports.delete(exports.find(caller, export_id=export_id))
    messages.success(request, "The export is deleted.")
    return redirect(reverse(ACCOUNT) + "#export")


@require_safe
@needs(Capability.EXPORT_OWN)
@require_recent_sign_in()
def download_export(request: HttpRequest, name: str) -> HttpResponseBase:
    """The archive, for the person who asked for it."""
    caller = cast(Principal, require_principal(request))
    export = exports.find(caller, name=name)
    if export.is_open:
        return redirect(reverse(ACCOUNT) + "#export")
    exports.require_ready(export, at=clock.now())
    return exports.download(request, export)


def _page(request: HttpRequest, **more: Any) -> HttpResponse:
    caller = cast(Principal, require_principal(request))
    may_manage_keys = caller.may(Capability.MANAGE_KEYS)
    context = {
        "devices": sessions.alive(cast(UUID, caller.user_id), at=clock.now()),
        "session_id": caller.session_id,
        "may_manage_keys": may_manage_keys,
        "may_see_audit": caller.may(Capability.SEE_AUDIT),
        "is_whole": caller.may(Capability.EXPORT_TENANT),
        "may_delete": caller.may(Capability.DELETE_TENANT),
        "keys": list(ApiKey.objects.filter(revoked_at=None).order_by("-created_at"))
        if may_manage_keys
        else [],
        "exports": exports.exports_of(caller),
        "export_hours": conf.export_hours(),
        "backups": status(clock.now()),
        "now": clock.now(),
        "delete_url": _url_or_none("gdpr-pages:account-delete"),
    }
    return render(request, "gdpr/account.html", context | more)


def _url_or_none(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
