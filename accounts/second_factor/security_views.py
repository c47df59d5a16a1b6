"""/account/security: one's second factors, and what the workspace demands. Changes need a recent sign-in."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import sessions, suppression
from accounts.askers import asker_of
from accounts.models import Session
from accounts.recent_sign_in import require_recent_sign_in
from accounts.second_factor import challenges, enrolment, passkeys, recovery_codes, rules, totp
from accounts.second_factor.enrolment import Owner
from accounts.second_factor.forms import AppForm, PasskeyForm
from cutroom import clock
from cutroom.errors import Conflict, DomainError, NotFound, PermissionDenied
from cutroom.pages import require_principal
from tenants.permissions import needs
from tenants.roles import Capability

PAGE = require_http_methods(["GET", "HEAD", "POST"])
FEW_CODES = 3


@never_cache
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """What protects this account, and what the workspace demands."""
    owner = _owner(request)
    alive = sessions.alive(owner.user.pk, at=clock.now())
    codes_left = recovery_codes.left(owner.user.pk)
    context = {
        "app": totp.app_of(owner.user.pk),
        "passkeys": owner.user.passkeys.order_by("created_at"),
        "has_factor": bool(challenges.factors_of(owner.user)),
        "are_passkeys_possible": passkeys.are_possible(),
        "codes_left": codes_left,
        "has_few_codes": codes_left <= FEW_CODES,
        "other_devices": sum(session.pk != owner.session_id for session in alive),
        "reach": rules.reach(),
        "trouble": suppression.reason_for(owner.user.email),
        "may_set_rule": require_principal(request).may(Capability.MANAGE_TENANT),
    }
    return render(request, "accounts/security.html", context)


@never_cache
@PAGE
@require_recent_sign_in()
def add_app(request: HttpRequest) -> HttpResponse:
    """Shows a new secret as QR code and text, and takes the first code of the app."""
    owner, at = _owner(request), clock.now()
    form = AppForm(request.POST or None)
    if form.is_valid():
        try:
            codes = enrolment.add_app(owner, code=form.cleaned_data["code"], at=at)
            return _added(request, codes, "Your authenticator app is connected.")
        except DomainError as error:
            form.add_error("code", error.detail)
    enrol = totp.begin(user_id=owner.user.pk, email=owner.user.email, at=at)
    # Geometry made by the library from the address; no word of a person is in it.
    picture = mark_safe(enrol.qr_svg())  # noqa: S308  # see above
    context = {"form": form, "enrolment": enrol, "qr": picture}
    return render(request, "accounts/app_add.html", context, status=_status(form))


@never_cache
@PAGE
@require_recent_sign_in()
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Has the browser make a passkey, and keeps it under a name."""
    owner, at = _owner(request), clock.now()
    if not passkeys.are_possible():
        raise Conflict(
            "This site has no passkeys: browsers want a host name and HTTPS for them, or localhost."
        )
    form = PasskeyForm(request.POST or None)
    if form.is_valid():
        try:
            data = form.cleaned_data
            codes = enrolment.add_passkey(
                owner, token=data["challenge"], name=data["name"], proof=form.proof(), at=at
            )
            return _added(request, codes, f"The passkey “{data['name']}” is added.")
        except DomainError as error:
            form.add_error("passkey", error.detail)
    return render(request, "accounts/passkey_add.html", _passkey_context(owner, form), status=_status(form))


@never_cache
@PAGE
@require_recent_sign_in()
def remove_app(request: HttpRequest) -> HttpResponse:
    """Asks, then forgets the authenticator app."""
    owner = _owner(request)
    if totp.app_of(owner.user.pk) is None:
        raise NotFound()
    if request.method == "POST":
        enrolment.remove_app(owner, at=clock.now())
        messages.success(request, "The authenticator app is removed.")
        return redirect("accounts-pages:security")
    return _ask_to_remove(request, owner, "the authenticator app")


@never_cache
@PAGE
@require_recent_sign_in()
def remove_passkey(request: HttpRequest, passkey_id: UUID) -> HttpResponse:
    """Asks, then forgets a passkey."""
    owner = _owner(request)
    passkey = get_object_or_404(owner.user.passkeys, pk=passkey_id)
    if request.method == "POST":
        enrolment.remove_passkey(owner, passkey_id=passkey_id, at=clock.now())
        messages.success(request, f"The passkey “{passkey.name}” is removed.")
        return redirect("accounts-pages:security")
    return _ask_to_remove(request, owner, f"the passkey “{passkey.name}”")


@never_cache
@PAGE
@require_recent_sign_in()
def renew_codes(request: HttpRequest) -> HttpResponse:
    """Asks, then makes new recovery codes and shows them this once."""
    owner = _owner(request)
    if request.method == "POST":
        return _show_codes(request, enrolment.renew_codes(owner, at=clock.now()))
    if not challenges.factors_of(owner.user):
        raise NotFound()
    left = recovery_codes.left(owner.user.pk)
    return render(request, "accounts/recovery_codes_renew.html", {"codes_left": left})


@never_cache
@PAGE
@needs(Capability.MANAGE_TENANT)
@require_recent_sign_in()
def rule(request: HttpRequest) -> HttpResponse:
    """Demands a second factor of every member of the workspace, or stops."""
    owner, reach = _owner(request), rules.reach()
    has_factor = bool(challenges.factors_of(owner.user))
    if request.method == "POST":
        is_demanded = request.POST.get("demand") == "yes"
        if is_demanded and not has_factor:
            raise Conflict("Add a second factor of your own first.")
        rules.demand(is_demanded=is_demanded, at=clock.now())
        said = "now needs" if is_demanded else "no longer needs"
        messages.success(request, f"Every member {said} a second factor.")
        return redirect("accounts-pages:security")
    missing = reach.members - reach.enrolled
    context = {"reach": reach, "missing": missing, "has_factor": has_factor}
    return render(request, "accounts/second_factor_rule.html", context)


@require_POST
def end_other_devices(request: HttpRequest) -> HttpResponse:
    """Signs every other device of this person out."""
    owner = _owner(request)
    ended = sessions.end(
        user_id=owner.user.pk, at=clock.now(), reason="signed-out-elsewhere", except_id=owner.session_id
    )
    messages.success(request, f"{ended} other device{'' if ended == 1 else 's'} signed out.")
    return redirect("accounts-pages:security")


def _owner(request: HttpRequest) -> Owner:
    principal = require_principal(request)
    if principal.session_id is None:
        raise PermissionDenied("This page is for people; an API key has no second factor.")
    session = Session.objects.select_related("user").get(pk=principal.session_id)
    return Owner(user=session.user, session_id=session.pk, asker=asker_of(request))


def _added(request: HttpRequest, codes: list[str], said: str) -> HttpResponse:
    messages.success(request, said)
    return _show_codes(request, codes) if codes else redirect("accounts-pages:security")


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """The only page that ever holds them. The file is a data: address: the server sees them no more."""
    text = "Recovery codes for Cutroom. Each works once.\n\n" + "\n".join(codes) + "\n"
    context = {"codes": codes, "file": "data:text/plain;charset=utf-8," + quote(text)}
    return render(request, "accounts/recovery_codes.html", context)


def _passkey_context(owner: Owner, form: PasskeyForm) -> dict[str, Any]:
    session = Session.objects.get(pk=owner.session_id)
    asked = challenges.ask_for_new_passkey(user=owner.user, session=session, at=clock.now())
    return {"form": form, "asked": asked, "passkey_options": json.dumps(asked.passkey)}


def _ask_to_remove(request: HttpRequest, owner: Owner, what: str) -> HttpResponse:
    context = {
        "what": what,
        "is_last": challenges.factors_of(owner.user) == 1,
        "is_demanded": require_principal(request).is_second_factor_demanded,
    }
    return render(request, "accounts/factor_remove.html", context)


def _status(form: AppForm | PasskeyForm) -> int:
    return 400 if form.is_bound and form.errors else 200
