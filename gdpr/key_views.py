"""The API keys of the account page: make one to measure, replace one, revoke one."""

from __future__ import annotations

from datetime import timedelta
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import conf, keyring, recent_sign_in
from accounts import services as accounts
from accounts.key_forms import GRACES, GraceForm, KeyForm, RevokeForm
from accounts.models import ApiKey
from accounts.recent_sign_in import require_recent_sign_in
from cutroom import clock
from cutroom.errors import DomainError
from cutroom.form_problems import problems_of
from cutroom.pages import require_principal
from gdpr.account_views import ACCOUNT, page
from tenants.http import Principal
from tenants.permissions import needs
from tenants.roles import Capability

_RECENT = conf.KEY_RECENT_MINUTES


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.MANAGE_KEYS)
def make(request: HttpRequest) -> HttpResponseBase:
    """The form for a new key; the key is shown this once, on the account page."""
    if request.method != "POST":
        return _empty_form(request)
    form, caller = KeyForm(request.POST), cast(Principal, require_principal(request))
    if not form.is_valid():
        return _form(request, form, status=400)
    try:
        recent_sign_in.require(caller, minutes=_RECENT)
        plain, key = keyring.make(form.wish(), user_id=caller.user_id, at=clock.now())
    except DomainError as refusal:
        return _form(request, form, status=refusal.status, refusal=refusal)
    return _shown_once(request, plain, key)


@never_cache
@require_safe
@needs(Capability.MANAGE_KEYS)
def show(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """One key: what it may do, and the forms that replace or revoke it."""
    return _key(request, _find(key_id))


@require_POST
@needs(Capability.MANAGE_KEYS)
@require_recent_sign_in(minutes=_RECENT, back=ACCOUNT)
def replace(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """A key that may do the same, shown this once; the old one works on for as long as was chosen."""
    caller, form = cast(Principal, require_principal(request)), GraceForm(request.POST)
    if not form.is_valid():
        return _key(request, _find(key_id), refused=form)
    grace = timedelta(hours=form.cleaned_data["grace_hours"])
    made = accounts.rotate_api_key(user_id=caller.user_id, grace=grace, at=clock.now(), key_id=key_id)
    return _shown_once(request, *made)


@require_POST
@needs(Capability.MANAGE_KEYS)
def revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """End a key now."""
    key = _find(key_id)
    form = RevokeForm(request.POST, key=key)
    if not form.is_valid():
        return _key(request, key, refused=form)
    accounts.revoke_api_key(key_id=key_id, at=clock.now())
    messages.success(request, "The key is revoked. Programs that use it get 401 from now on.")
    return redirect(reverse(ACCOUNT) + "#keys")


@require_recent_sign_in(minutes=_RECENT)
def _empty_form(request: HttpRequest) -> HttpResponse:
    """Whoever has to confirm who they are does so before they type."""
    return _form(request, KeyForm())


def _form(
    request: HttpRequest, form: KeyForm, *, status: int = 200, refusal: DomainError | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "problems": list(problems_of(form)),
        "refusal": refusal,
        "is_recent": recent_sign_in.is_recent(require_principal(request), minutes=_RECENT),
    }
    return render(request, "gdpr/key_new.html", context, status=status)


def _shown_once(request: HttpRequest, plain: str, key: ApiKey) -> HttpResponse:
    response = page(request, new_key=plain, made=key)
    response["Cache-Control"] = "no-store"
    return response


def _find(key_id: UUID) -> ApiKey:
    return get_object_or_404(keyring.listed(), pk=key_id)


def _key(request: HttpRequest, key: ApiKey, *, refused: Form | None = None) -> HttpResponse:
    context = {
        "key": key,
        "now": clock.now(),
        "graces": GRACES,
        "revoke_form": refused if isinstance(refused, RevokeForm) else RevokeForm(key=key),
        "problems": list(problems_of(refused)) if refused else [],
    }
    return render(request, "gdpr/key.html", context, status=400 if refused else 200)
