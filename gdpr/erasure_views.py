"""The pages of erasure: ask for it, see the days count down, take it back, fetch the receipt."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.recent_sign_in import require_recent_sign_in
from cutroom import clock, signatures
from cutroom.errors import DomainError, NotFound
from cutroom.pages import of_a_link, require_principal
from gdpr import conf, erasure_api
from gdpr.erasure import asking
from gdpr.models import ErasureState
from gdpr.templatetags.deletion import days_left
from tenants.permissions import needs
from tenants.roles import Capability


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.LEAVE_TEAM)
@require_recent_sign_in(back="gdpr-pages:account-delete")
def delete(request: HttpRequest) -> HttpResponse:
    """The form that asks for the slug; what was typed stays when it is wrong."""
    caller = require_principal(request)
    may_all = caller.may(Capability.DELETE_TENANT)
    context = {"caller": caller, "grace_days": conf.erasure_grace().days, "may_all": may_all}
    if request.method != "POST":
        return render(request, "gdpr/delete.html", context)
    given = {name: request.POST.get(name, "") for name in ("confirm", "scope")}
    is_immediate = request.POST.get("immediately") == "yes"
    try:
        asked = erasure_api.ask(caller, **given, immediately=is_immediate)
    except DomainError as error:
        context |= {"error": error.detail, "given": given, "is_immediate": is_immediate}
        return render(request, "gdpr/delete.html", context, status=error.status)
    return render(request, "gdpr/delete_asked.html", {"asked": asked})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def undo_delete(request: HttpRequest) -> HttpResponse:
    """The page of the mailed link. A GET only shows: mail scanners open links too."""
    token = request.POST.get("token") or request.GET.get("token", "")
    error = ""
    if request.method == "POST":
        try:
            asking.undo(token, at=clock.now())
        except DomainError as refusal:
            error = refusal.detail
        else:
            return redirect(f"{request.path}?token={token}")
    try:
        erasure = asking.by_token(token)
    except NotFound as unknown:
        return of_a_link(render(request, "gdpr/undo.html", {"error": unknown.detail}, status=404))
    left = days_left(erasure, at=clock.now())
    context = {"erasure": erasure, "token": token, "days_left": left, "error": error}
    return of_a_link(render(request, "gdpr/undo.html", context, status=409 if error else 200))


@require_POST
@needs(Capability.DELETE_TENANT)
def keep_workspace(request: HttpRequest) -> HttpResponse:
    """Take the deletion of one's workspace back, by an admin who signed in again."""
    caller = require_principal(request)
    asking.keep_tenant(caller.tenant_id, at=clock.now())
    messages.success(request, "Nothing was deleted. API keys stay revoked; make new ones when you need them.")
    return redirect("gdpr-pages:account")


@never_cache
@require_safe
def receipt(request: HttpRequest) -> HttpResponse:
    """The signed receipt, by the mailed link. 404 before it exists."""
    erasure = asking.by_token(request.GET.get("token", ""))
    if erasure.state != ErasureState.DONE:
        raise NotFound("There is no receipt yet.")
    response = HttpResponse(bytes(erasure.receipt), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="cutroom-receipt.txt"'
    return response


@require_safe
def signing_key(request: HttpRequest) -> HttpResponse:
    """The public key that receipts, backups and audit checkpoints are signed with (PEM, Ed25519)."""
    return HttpResponse(signatures.public_key_pem(), content_type="application/x-pem-file")
