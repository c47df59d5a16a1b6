"""The first sign-in makes a person, a workspace and what grows in it; before it nothing exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from accounts import magic_links, services, workspaces
from accounts.errors import NoWorkspace
from accounts.models import LoginRequest, Session, User
from accounts.signals import signed_up
from cutroom import clock
from tenants.context import current_tenant_id, tenant_context
from tenants.models import AuditEntry, Membership, Role, Tenant, TenantState
from tests.accounts.conftest import ASKER, NEWCOMER, ask, sign_in
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def announced() -> Iterator[list[tuple[UUID, UUID, UUID]]]:
    """What signed_up told, with the tenant in context at that moment."""
    heard: list[tuple[UUID, UUID, UUID]] = []

    def hear(tenant_id: UUID, user_id: UUID, **_: Any) -> None:
        heard.append((tenant_id, user_id, current_tenant_id()))

    signed_up.connect(hear)
    yield heard
    signed_up.disconnect(hear)


def test_m13_asking_leaves_no_person_behind() -> None:
    ask(NEWCOMER)
    assert not User.objects.exists()


def test_the_first_verify_makes_an_admin_of_a_workspace_of_its_own(
    announced: list[tuple[UUID, UUID, UUID]],
) -> None:
    session = sign_in(NEWCOMER).session
    with tenant_context(session.tenant_id):
        tenant, membership = Tenant.objects.get(), Membership.objects.get()
        actions = set(AuditEntry.objects.values_list("action", "user_id"))
    assert (tenant.state, tenant.email) == (TenantState.ACTIVE, NEWCOMER)
    assert (membership.user_id, membership.role) == (session.user_id, Role.ADMIN)
    assert announced == [(tenant.pk, session.user_id, tenant.pk)]
    assert actions == {("tenant.founded", session.user_id), ("session.opened", session.user_id)}


def test_a_second_verify_founds_nothing(announced: list[tuple[UUID, UUID, UUID]]) -> None:
    first = sign_in(NEWCOMER).session
    link = magic_links.issue(email=NEWCOMER, asker=ASKER, next_path="", at=clock.now())
    second = services.verify_token(token=link.token, asker=ASKER, at=clock.now()).session
    assert second.tenant_id == first.tenant_id
    assert len(announced) == 1


def test_a_receiver_that_fails_leaves_the_link_usable_and_nothing_else() -> None:
    token = ask(NEWCOMER).token

    def fail(**_: Any) -> None:
        raise RuntimeError("no starter project today")

    signed_up.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            services.verify_token(token=token, asker=ASKER, at=clock.now())
    finally:
        signed_up.disconnect(fail)
    assert not User.objects.exists()
    assert not Session.objects.exists()
    assert LoginRequest.objects.get().used_at is None
    services.verify_token(token=token, asker=ASKER, at=clock.now())


def test_names_that_are_alike_get_workspaces_of_their_own() -> None:
    slugs = set()
    for email in ("ada@one.test", "ada@two.test", "---@three.test"):
        session = sign_in(email).session
        with tenant_context(session.tenant_id):
            slugs.add(Tenant.objects.get().slug)
    assert len(slugs) == 3
    assert all(slug[0].isalnum() and slug == slug.lower() for slug in slugs)


def test_a_member_lands_in_the_workspace_that_is_open(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(state=TenantState.SUSPENDED)
    with tenant_context(cast.globex.pk):
        Membership.objects.create(user=cast.alice, role=Role.CREATOR)
    assert workspaces.choose(cast.alice, at=clock.now()) == cast.globex.pk


def test_somebody_whose_only_workspace_is_closed_gets_no_new_one(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(state=TenantState.SUSPENDED)
    with pytest.raises(NoWorkspace):
        sign_in(cast.bob.email)


def test_a_closed_account_cannot_sign_in(cast: Cast) -> None:
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    with pytest.raises(Exception, match="closed"):
        sign_in(cast.bob.email)
