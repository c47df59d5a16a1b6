"""The pages that ask for a second factor: on the way in, and again before a weighty deed."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services as sign_in
from accounts.askers import asker_of
from accounts.errors import ChallengeOver, LinkExpired, LinkInvalid, LinkUsed, SecondFactorRequired
from accounts.models import Session
from accounts.page_sessions import enter, safe_path
from accounts.recent_sign_in import confirm_path
from accounts.second_factor import challenges, services
from accounts.second_factor.challenges import Asked
from accounts.second_factor.forms import MailCodeForm, ProofForm
from cutroom import clock
from cutroom.errors import DomainError, PermissionDenied, RateLimited
from cutroom.pages import require_principal

CHALLENGE_KEY = "factor_challenge"
LONGEST_PATH = 200


def ask_second_factor(request: HttpRequest, error: SecondFactorRequired) -> HttpResponse:
    """From the mailed link or code to the page that asks for the second factor."""
    request.session.cycle_key()
    request.session[CHALLENGE_KEY] = error.members["challenge"]
    return redirect("accounts-pages:second-factor")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """The second step of signing in."""
    try:
        return _second_step(request, request.session.get(CHALLENGE_KEY, ""))
    except ChallengeOver as over:
        request.session.pop(CHALLENGE_KEY, None)
        return render(request, "accounts/challenge_over.html", {"error": over}, status=over.status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_identity(request: HttpRequest) -> HttpResponse:
    """Proves once more who is signed in, then leads on to ?next=."""
    session = _session(request)
    if challenges.methods_of(session.user):
        return _confirm_by_factor(request, session)
    return _confirm_by_mail(request, session)


@require_POST
def mail_confirm_code(request: HttpRequest) -> HttpResponse:
    """Mails a code to somebody who is signed in and has no second factor."""
    session, path = _session(request), _next(request)
    next_path = path if len(path) <= LONGEST_PATH else ""
    try:
        sign_in.request_link(
            email=session.user.email, asker=asker_of(request), at=clock.now(), next_path=next_path
        )
    except RateLimited as error:
        messages.warning(
            request, f"We mailed you a moment ago. Look there, or try again in {error.retry_after} s."
        )
    return redirect(f"{confirm_path(path)}&{urlencode({'sent': 1})}")


def _second_step(request: HttpRequest, token: str) -> HttpResponse:
    form, status = ProofForm(request.POST or None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                asker, at = asker_of(request), clock.now()
                return enter(
                    request, services.finish_sign_in(token=token, proof=form.proof(), asker=asker, at=at)
                )
            except ChallengeOver:
                raise
            except DomainError as error:
                status = form.refuse(error)
    context = _context(form, challenges.again(token, at=clock.now()))
    return render(request, "accounts/second_factor.html", context, status=status)


def _confirm_by_factor(request: HttpRequest, session: Session) -> HttpResponse:
    form, status, at = ProofForm(request.POST or None), 200, clock.now()
    token = request.POST.get("challenge", "")
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                proof, asker = form.proof(), asker_of(request)
                services.confirm(token=token, session_id=session.pk, proof=proof, asker=asker, at=at)
                return redirect(_next(request))
            except DomainError as error:
                status = form.refuse(error)
    context = {**_context(form, _asked(token, session)), "next": _next(request)}
    return render(request, "accounts/confirm_identity.html", context, status=status)


def _confirm_by_mail(request: HttpRequest, session: Session) -> HttpResponse:
    form, status = MailCodeForm(request.POST or None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                code, asker = form.cleaned_data["code"], asker_of(request)
                services.confirm_by_code(session_id=session.pk, code=code, asker=asker, at=clock.now())
                return redirect(_next(request))
            except (LinkInvalid, LinkUsed, LinkExpired):
                form.add_error("code", "This is not the code of the latest mail, or it is too old.")
            except DomainError as error:
                form.add_error("code", error.detail)
                status = error.status
    is_sent = request.method == "POST" or "sent" in request.GET
    context = {"form": form, "is_sent": is_sent, "email": session.user.email, "next": _next(request)}
    return render(request, "accounts/confirm_by_mail.html", context, status=status)


def _asked(token: str, session: Session) -> Asked:
    """The challenge of the page that was sent, while it is open; else a new one."""
    try:
        return challenges.again(token, at=clock.now())
    except ChallengeOver:
        return challenges.ask(user=session.user, session=session, at=clock.now())


def _session(request: HttpRequest) -> Session:
    principal = require_principal(request)
    if principal.session_id is None:
        raise PermissionDenied("This page is for people; an API key has no second factor.")
    return Session.objects.select_related("user").get(pk=principal.session_id)


def _next(request: HttpRequest) -> str:
    given: str = request.POST.get("next") or request.GET.get("next") or ""
    return safe_path(given)


def _context(form: ProofForm, asked: Asked) -> dict[str, Any]:
    return {"form": form, "asked": asked, "passkey_options": json.dumps(asked.passkey)}
