"""The page /team: who works here, who is invited, the workspace's name. Weighty deeds are asked for twice."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import invitations, selectors
from accounts.team_forms import InviteForm, NameForm, RoleForm
from cutroom import clock
from cutroom.errors import DomainError
from cutroom.form_problems import problems_of
from cutroom.pages import require_principal
from tenants import team
from tenants.http import Principal
from tenants.models import Membership, Role
from tenants.permissions import needs
from tenants.roles import TABLE, Capability

MEMBERS_A_PAGE = 50
ASKS = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@require_safe
@needs(Capability.SEE_TEAM)
def show(request: HttpRequest) -> HttpResponse:
    """The members, the open invitations, and what roles may do."""
    return _page(request)


@require_POST
@needs(Capability.MANAGE_MEMBERS)
def invite(request: HttpRequest) -> HttpResponse:
    """Mail invitations to all addresses of the form, or to none."""
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, invite_form=form, status=400)
    try:
        sent = invitations.invite(
            emails=form.cleaned_data["emails"],
            role=Role(form.cleaned_data["role"]),
            inviter_id=_user_id(request),
            at=clock.now(),
        )
    except DomainError as error:
        form.add_error("emails", error.detail)
        return _page(request, invite_form=form, status=error.status)
    messages.success(request, f"{len(sent)} invitation{'' if len(sent) == 1 else 's'} sent.")
    return redirect("accounts-pages:team")


@require_POST
@needs(Capability.MANAGE_MEMBERS)
def resend_invite(request: HttpRequest, invite_id: UUID) -> HttpResponse:
    """Mail an invitation again."""
    try:
        sent = invitations.resend(invitation_id=invite_id, inviter_id=_user_id(request), at=clock.now())
    except DomainError as error:
        return _page(request, refusal=error)
    messages.success(request, f"Sent to {sent.email} again. The link of the first mail is dead.")
    return redirect("accounts-pages:team")


@require_POST
@needs(Capability.MANAGE_MEMBERS)
def revoke_invite(request: HttpRequest, invite_id: UUID) -> HttpResponse:
    """Take an invitation back."""
    try:
        invitations.revoke(invitation_id=invite_id, at=clock.now())
    except DomainError as error:
        return _page(request, refusal=error)
    messages.success(request, "The invitation is taken back.")
    return redirect("accounts-pages:team")


@require_POST
@needs(Capability.MANAGE_MEMBERS)
def change_role(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Give a member another role."""
    found, form = team.member(member_id), RoleForm(request.POST)
    if not form.is_valid():
        return _page(request, status=400)
    try:
        changed = team.change_role(member_id=member_id, role=Role(form.cleaned_data["role"]))
    except DomainError as error:
        return _page(request, refusal=error)
    messages.success(request, f"{found.user} is now {changed.get_role_display()}.")
    return redirect("accounts-pages:team")


@never_cache
@ASKS
@needs(Capability.MANAGE_MEMBERS)
def remove(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Ask before removing a member, then do it."""
    found = team.member(member_id)
    if request.method != "POST":
        return _ask(request, "remove", found)
    try:
        team.remove(member_id=member_id)
    except DomainError as error:
        return _ask(request, "remove", found, refusal=error)
    messages.success(request, f"{found.user} is no longer a member.")
    return redirect("accounts-pages:team")


@never_cache
@ASKS
@needs(Capability.MANAGE_MEMBERS)
def hand_over(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Ask before handing the workspace over, then do it."""
    found = team.member(member_id)
    if request.method != "POST":
        return _ask(request, "hand-over", found)
    try:
        team.hand_over(user_id=_user_id(request), member_id=member_id)
    except DomainError as error:
        return _ask(request, "hand-over", found, refusal=error)
    messages.success(request, f"{found.user} is now admin, and you are a creator.")
    return redirect("accounts-pages:team")


@never_cache
@ASKS
@needs(Capability.LEAVE_TEAM)
def leave(request: HttpRequest) -> HttpResponse:
    """Ask before leaving, then do it and show where else one can go."""
    if request.method != "POST":
        return _ask(request, "leave", None)
    try:
        team.leave(user_id=_user_id(request))
    except DomainError as error:
        return _ask(request, "leave", None, refusal=error)
    return redirect("accounts-pages:workspaces")


@require_POST
@needs(Capability.MANAGE_TENANT)
def rename(request: HttpRequest) -> HttpResponse:
    """Give the workspace another name."""
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            tenant = team.rename(form.cleaned_data["name"])
        except DomainError as error:
            form.add_error("name", error.detail)
        else:
            messages.success(request, f"The workspace is now called {tenant.name}.")
            return redirect("accounts-pages:team")
    return _page(request, name_form=form, status=400)


def _page(
    request: HttpRequest,
    *,
    invite_form: InviteForm | None = None,
    name_form: NameForm | None = None,
    refusal: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    principal, at = _principal(request), clock.now()
    is_manager = principal.may(Capability.MANAGE_MEMBERS)
    forms: list[Form] = [form for form in (invite_form, name_form) if form is not None]
    context: dict[str, Any] = {
        "members": Paginator(selectors.members(), MEMBERS_A_PAGE).get_page(request.GET.get("page")),
        "last_admin_id": selectors.last_admin_id(),
        "admins": selectors.admins()[:5],
        "is_manager": is_manager,
        "waiting": [(each, each.has_expired(at)) for each in invitations.waiting()] if is_manager else [],
        "invite_form": invite_form or InviteForm(),
        "name_form": name_form or NameForm(initial={"name": principal.tenant_name}),
        "roles": Role.choices,
        "rules": TABLE.items(),
        "problems": [problem for form in forms for problem in problems_of(form)],
        "refusal": refusal,
    }
    return render(request, "accounts/team.html", context, status=refusal.status if refusal else status)


def _ask(
    request: HttpRequest, deed: str, member: Membership | None, *, refusal: DomainError | None = None
) -> HttpResponse:
    context = {
        "deed": deed,
        "member": member,
        "refusal": refusal,
        "is_last_admin": selectors.last_admin_id() == (member.user_id if member else _user_id(request)),
    }
    return render(request, "accounts/team_ask.html", context, status=refusal.status if refusal else 200)


def _principal(request: HttpRequest) -> Principal:
    return cast(Principal, require_principal(request))


def _user_id(request: HttpRequest) -> UUID:
    """Only persons have page sessions."""
    return cast(UUID, _principal(request).user_id)
