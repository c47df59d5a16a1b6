"""Joining by invitation: with the invited address, once, within seven days."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from accounts import conf, invitations, workspaces
from accounts.models import Invitation, Session, User
from accounts.second_factor import rules
from cutroom import clock, sealing
from cutroom.errors import DomainError
from tenants.context import tenant_context
from tenants.errors import TenantSuspended
from tenants.models import Tenant, TenantState
from tests.accounts.conftest import NEWCOMER, ask, sign_in
from tests.accounts.invites import INVITES, Delivered, accept, audited, invite, roles_of, token_in
from tests.cast import Cast, bearer, give_app
from tests.threads import at_once

pytestmark = pytest.mark.django_db


def test_m17_accepting_makes_a_member_and_selects_the_tenant(
    charlie: APIClient, cast: Cast, charlies_token: str
) -> None:
    answer = accept(charlie, charlies_token)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert roles_of(cast.charlie) == {"globex": "admin", "acme": "creator"}
    charlie.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access_token']}")
    me = charlie.get("/api/auth/me").json()
    assert (me["tenant"]["slug"], me["role"]) == ("acme", "creator")
    assert audited(cast.acme) == [
        "invitation.sent",
        "invitation.accepted",
        "member.joined",
        "session.switched",
    ]


def test_u19_a_token_is_worth_nothing_to_another_address(
    bob: APIClient, cast: Cast, alice: APIClient, delivered: Delivered
) -> None:
    invite(alice, NEWCOMER, role="admin")
    token = token_in(delivered()[-1])
    other = bearer(cast.charlie, cast.globex)
    for client in (bob, other):
        answer = accept(client, token)
        assert (answer.status_code, answer.json()["code"]) == (403, "invitation-for-another")
    assert roles_of(cast.charlie) == {"globex": "admin"}
    assert accept(APIClient(), token).status_code == 401


def test_it_works_once(charlie: APIClient, cast: Cast, charlies_token: str) -> None:
    assert accept(charlie, charlies_token).status_code == 200
    again = accept(charlie, charlies_token)
    assert (again.status_code, again.json()["code"]) == (400, "invitation-used")


def test_a_token_of_nobody_is_invalid(charlie: APIClient) -> None:
    answer = accept(charlie, sealing.new_token())
    assert (answer.status_code, answer.json()["code"]) == (400, "invitation-invalid")


def test_it_dies_after_seven_days_to_the_second(cast: Cast, charlies_token: str) -> None:
    with tenant_context(cast.acme.pk):
        sent = Invitation.objects.get().sent_at
    assert timedelta(days=7) == conf.INVITATION_LIFE
    last = sent + conf.INVITATION_LIFE - timedelta(microseconds=1)
    assert invitations.look_at(charlies_token, at=last).tenant_name == "Acme"
    with pytest.raises(DomainError) as refusal:
        invitations.look_at(charlies_token, at=sent + conf.INVITATION_LIFE)
    assert refusal.value.code == "invitation-expired"


def test_a_suspended_tenant_takes_nobody_in(cast: Cast, charlies_token: str) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.filter(pk=cast.acme.pk).update(state=TenantState.SUSPENDED)
    with pytest.raises(TenantSuspended):
        invitations.look_at(charlies_token, at=clock.now())


def test_a_newcomer_who_signs_in_to_join_gets_no_tenant_of_their_own(
    alice: APIClient, cast: Cast, delivered: Delivered
) -> None:
    invite(alice, NEWCOMER)
    signed_in = sign_in(NEWCOMER, invitation_hash=sealing.digest(token_in(delivered()[-1])))
    assert signed_in.session.tenant_id == cast.acme.pk
    assert roles_of(signed_in.session.user) == {"acme": "creator"}


def test_a_sign_in_to_join_that_comes_too_late_changes_nothing(
    alice: APIClient, cast: Cast, delivered: Delivered
) -> None:
    """Nobody wants to find themselves in an empty workspace of their own instead."""
    row = invite(alice, NEWCOMER).json()
    digest = sealing.digest(token_in(delivered()[-1]))
    alice.delete(f"{INVITES}/{row['id']}")
    with pytest.raises(DomainError) as refusal:
        sign_in(NEWCOMER, invitation_hash=digest)
    assert refusal.value.code == "invitation-revoked"
    assert not User.objects.filter(email=NEWCOMER).exists()


def test_an_invitation_survives_other_sign_ins(alice: APIClient, cast: Cast, delivered: Delivered) -> None:
    """M17: it is no sign-in token, so a new link does not end it."""
    invite(alice, NEWCOMER)
    token = token_in(delivered()[-1])
    newcomer = sign_in(NEWCOMER).session.user
    client = bearer(newcomer, Tenant(pk=workspaces.of(newcomer.pk)[0].tenant_id))
    assert accept(client, token).status_code == 200
    assert len(roles_of(newcomer)) == 2


@pytest.mark.committed
def test_sixteen_at_once_make_one_member(committed_cast: Cast, delivered: Delivered) -> None:
    cast = committed_cast
    invite(bearer(cast.alice, cast.acme), cast.charlie.email)
    token = token_in(delivered()[-1])
    clients = [bearer(cast.charlie, cast.globex) for _ in range(16)]
    answers = at_once(lambda number: accept(clients[number], token), count=16)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 15
    assert {answer.json()["code"] for answer in answers if answer.status_code == 400} == {"invitation-used"}
    assert roles_of(cast.charlie) == {"globex": "admin", "acme": "creator"}


def test_with_a_second_factor_one_joins_only_after_showing_it(
    alice: APIClient, cast: Cast, stranger: APIClient, delivered: Delivered
) -> None:
    phone = give_app(cast.charlie)
    invite(alice, cast.charlie.email)
    digest = sealing.digest(token_in(delivered()[-1]))
    link = ask(cast.charlie.email, invitation_hash=digest)
    asked = stranger.post("/api/auth/magic-link/verify", {"token": link.token}).json()
    assert asked["code"] == "second-factor-required"
    assert roles_of(cast.charlie) == {"globex": "admin"}
    body = {"challenge": asked["challenge"], "code": phone.code(clock.now())}
    assert stranger.post("/api/auth/second-factor", body).status_code == 200
    assert roles_of(cast.charlie) == {"globex": "admin", "acme": "creator"}
    assert Session.objects.latest("created_at").tenant_id == cast.acme.pk


def test_a_tenant_that_demands_a_second_factor_opens_only_with_one(
    alice: APIClient, charlie: APIClient, cast: Cast, charlies_token: str
) -> None:
    with tenant_context(cast.acme.pk):
        rules.demand(is_demanded=True, at=clock.now())
    charlie.credentials(HTTP_AUTHORIZATION=f"Bearer {accept(charlie, charlies_token).json()['access_token']}")
    assert charlie.get("/api/v1/projects").json()["code"] == "second-factor-missing"
    assert charlie.post("/api/auth/switch-tenant", {"tenant": "globex"}).status_code == 200


def test_who_owes_a_second_factor_may_still_leave(bob: APIClient, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        rules.demand(is_demanded=True, at=clock.now())
    assert bob.get("/api/team/members").json()["code"] == "second-factor-missing"
    assert bob.post("/api/team/leave").status_code == 204
