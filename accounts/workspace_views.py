"""The page /workspaces: the tenants of a person, also for one who just lost the tenant they worked in."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import people, workspaces
from accounts.errors import NoWorkspace
from accounts.models import User
from accounts.people import Person
from cutroom import clock
from cutroom.errors import Conflict, NotAuthenticated


@never_cache
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Where one can work, and where one works now."""
    person = _person(request)
    context = {"person": person, "mine": workspaces.of(person.user_id)}
    return render(request, "accounts/workspaces.html", context)


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Work in another tenant from now on, with this browser."""
    person = _person(request)
    workspace = workspaces.switch(
        user_id=person.user_id, session_id=person.session_id, tenant_id=_wanted(request)
    )
    # Forms of the old workspace, open in other tabs, must not be sent into this one.
    rotate_token(request)
    messages.success(request, f"You are now in {workspace.name}.")
    return redirect("/")


@require_POST
def found(request: HttpRequest) -> HttpResponse:
    """A new workspace for somebody who has none left."""
    person = _person(request)
    with transaction.atomic():
        # Two presses at once must not found two workspaces.
        user = User.objects.select_for_update().get(pk=person.user_id)
        if workspaces.of(user.pk):
            raise Conflict("You have a workspace. Choose it from the list.")
        tenant_id = workspaces.found(user, at=clock.now())
        workspaces.switch(user_id=user.pk, session_id=person.session_id, tenant_id=tenant_id)
    rotate_token(request)
    return redirect("/")


def _person(request: HttpRequest) -> Person:
    person = people.at_pages(request)
    if person is None:
        raise NotAuthenticated()
    return person


def _wanted(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("tenant", ""))
    except ValueError:
        raise NoWorkspace() from None
