"""The page /invite?token=: shows an invitation and takes the press of its button. A GET changes nothing."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import invitations, people, workspaces
from accounts.invitations import Offer
from accounts.models import User
from accounts.page_sessions import HOME
from accounts.people import Person
from accounts.views import mail_link
from cutroom import clock, sealing
from cutroom.errors import DomainError, RateLimited
from cutroom.pages import of_a_link


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """What is offered, to whom; the button joins somebody who is signed in with the invited address."""
    values = request.POST if request.method == "POST" else request.GET
    token, person = values.get("token", ""), people.at_pages(request)
    try:
        offer = invitations.look_at(token, at=clock.now())
        if request.method == "POST" and person is not None:
            return _join(request, person, token=token)
    except DomainError as error:
        return _dead(request, error, person)
    return _page(request, offer, token=token, person=person)


@never_cache
@require_POST
def mail_sign_in(request: HttpRequest) -> HttpResponse:
    """Mail the invited address a sign-in link that accepts the invitation, too."""
    token = request.POST.get("token", "")
    try:
        offer = invitations.look_at(token, at=clock.now())
        return mail_link(request, email=offer.email, invitation_hash=sealing.digest(token))
    except RateLimited as error:
        response = _page(
            request, offer, token=token, person=people.at_pages(request), refusal=error, status=429
        )
        response["Retry-After"] = str(error.retry_after)
        return response
    except DomainError as error:
        return _dead(request, error, people.at_pages(request))


def _join(request: HttpRequest, person: Person, *, token: str) -> HttpResponse:
    user = User.objects.get(pk=person.user_id)
    with transaction.atomic():
        offer = invitations.accept(token_hash=sealing.digest(token), user=user, at=clock.now())
        workspaces.switch(user_id=user.pk, session_id=person.session_id, tenant_id=offer.tenant_id)
    # Forms of the workspace one leaves, open in other tabs, must not be sent into this one.
    rotate_token(request)
    messages.success(request, f"You are now a member of {offer.tenant_name}.")
    return redirect(HOME)


def _page(
    request: HttpRequest,
    offer: Offer,
    *,
    token: str,
    person: Person | None,
    refusal: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    is_theirs = person is not None and person.email == offer.email
    context = {"offer": offer, "token": token, "person": person, "is_theirs": is_theirs, "refusal": refusal}
    return of_a_link(render(request, "accounts/invite.html", context, status=status))


def _dead(request: HttpRequest, error: DomainError, person: Person | None) -> HttpResponse:
    context = {"error": error, "person": person}
    return render(request, "accounts/invite_dead.html", context, status=error.status)
