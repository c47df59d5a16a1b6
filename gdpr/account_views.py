"""/account: devices, API keys, exports, backups, and where everything else of an account is."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import keyring, mail_choices, profiles, sessions
from accounts import services as accounts
from accounts.models import User
from accounts.recent_sign_in import require_recent_sign_in
from cutroom import clock
from cutroom.errors import DomainError
from cutroom.pages import require_principal, set_theme
from gdpr import conf
from gdpr.backups.status import status as backup_status
from gdpr.duties import consents
from gdpr.duties.models import Purpose
from gdpr.export import services as exports
from tenants.http import Principal
from tenants.permissions import needs
from tenants.roles import Capability

ACCOUNT = "gdpr-pages:account"


@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Everything of one's account on one page."""
    return page(request)


@require_POST
def save_profile(request: HttpRequest) -> HttpResponse:
    """Keep the name the team reads, and the colours of the pages on this device."""
    caller = cast(Principal, require_principal(request))
    name = request.POST.get("name", "")
    try:
        profiles.rename(user_id=cast(UUID, caller.user_id), name=name)
    except DomainError as refusal:
        return page(request, status=refusal.status, name_error=refusal.detail, name=name)
    # Answers with a redirect to `next`, which the form sets.
    return set_theme(request)


@require_POST
def save_mail(request: HttpRequest) -> HttpResponse:
    """Keep which mails are wanted, and the consent to those that need one."""
    caller = cast(Principal, require_principal(request))
    user_id = cast(UUID, caller.user_id)
    mail_choices.choose(user_id, wanted=request.POST.getlist("wanted"))
    wants_news = request.POST.get("news") == "yes"
    if wants_news != consents.is_given(user_id, Purpose.NEWS):
        consents.choose(user_id, Purpose.NEWS, is_given=wants_news, channel="account page", at=clock.now())
    return redirect(f"{reverse(ACCOUNT)}?saved=mail#mail")


@require_POST
def sign_out_others(request: HttpRequest) -> HttpResponse:
    """End every session of the caller but this one."""
    caller = cast(Principal, require_principal(request))
    reason, keep = "signed-out-elsewhere", caller.session_id
    ended = sessions.end(user_id=cast(UUID, caller.user_id), at=clock.now(), reason=reason, except_id=keep)
    messages.success(request, f"{ended} other device{'' if ended == 1 else 's'} signed out.")
    return redirect(reverse(ACCOUNT) + "#devices")


@require_POST
def sign_out_device(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """End one of the caller's sessions."""
    caller = cast(Principal, require_principal(request))
    accounts.end_session(user_id=cast(UUID, caller.user_id), session_id=session_id, at=clock.now())
    messages.success(request, "That device is signed out.")
    return redirect(reverse(ACCOUNT) + "#devices")


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


def page(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    """The account page, with what a form found out."""
    caller = cast(Principal, require_principal(request))
    may_manage_keys = caller.may(Capability.MANAGE_KEYS)
    person = User.objects.get(pk=cast(UUID, caller.user_id))
    context = {
        "name": person.name,
        "saved": request.GET.get("saved", ""),
        "mails": mail_choices.of(person.pk),
        "news_text": consents.TEXTS[Purpose.NEWS],
        "wants_news": consents.is_given(person.pk, Purpose.NEWS),
        "backup_days": conf.backup_kept().days,
        "devices": sessions.alive(cast(UUID, caller.user_id), at=clock.now()),
        "session_id": caller.session_id,
        "may_manage_keys": may_manage_keys,
        "may_see_audit": caller.may(Capability.SEE_AUDIT),
        "is_whole": caller.may(Capability.EXPORT_TENANT),
        "may_delete": caller.may(Capability.DELETE_TENANT),
        "keys": list(keyring.listed()) if may_manage_keys else [],
        "exports": exports.exports_of(caller),
        "export_hours": conf.export_hours(),
        "backups": backup_status(clock.now()),
        "now": clock.now(),
        "grace_days": conf.erasure_grace().days,
    }
    return render(request, "gdpr/account.html", context | more, status=status)
