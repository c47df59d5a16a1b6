"""Invitations: mailed, sent again, taken back, forgotten; one an address, and not too many."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import conf, invitations
from accounts.models import Invitation, OutboxMail, User
from cutroom import clock, sealing
from cutroom.errors import DomainError, RateLimited
from tenants.conf import product
from tenants.context import tenant_context
from tenants.models import Role, Tenant
from tests.accounts.conftest import NEWCOMER
from tests.accounts.invites import INVITES, Delivered, accept, audited, invite, token_in
from tests.cast import Cast, bearer
from tests.threads import at_once

pytestmark = pytest.mark.django_db


def let_pass(tenant: Tenant, age: timedelta) -> None:
    """The invitations of a tenant become older. Sessions live by the database's clock, so ours stays."""
    with tenant_context(tenant.pk):
        Invitation.objects.update(sent_at=F("sent_at") - age, expires_at=F("expires_at") - age)


def test_an_invitation_says_who_asks_for_what_and_how_long(
    alice: APIClient, cast: Cast, delivered: Delivered
) -> None:
    answer = invite(alice, "Ada@Lovelace.TEST", role="admin")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["email"], body["role"], body["state"]) == (NEWCOMER, "admin", "pending")
    [letter] = delivered()
    assert (letter.to, letter.subject) == ([NEWCOMER], "Join Acme on Cutroom")
    html = str(letter.alternatives[0][0])
    for text in (str(letter.body), html):
        for fact in (cast.alice.email, "Acme", "as admin" if text is not html else "<b>admin</b>", NEWCOMER):
            assert fact in text
        assert "manages members, billing and keys" in text
        assert "works once, until" in text
        assert "nothing happens" in text


def test_an_invitation_says_what_a_creator_may_do_here(alice: APIClient, delivered: Delivered) -> None:
    assert invite(alice, NEWCOMER, role="creator").status_code == 201
    [letter] = delivered()
    for text in (str(letter.body), str(letter.alternatives[0][0])):
        assert f"A creator may {product().may}." in text


def test_only_a_hash_of_the_token_is_kept(alice: APIClient, cast: Cast, charlies_token: str) -> None:
    with tenant_context(cast.acme.pk):
        kept = Invitation.objects.values().get()
    assert kept["token_hash"] == sealing.digest(charlies_token)
    assert charlies_token not in str(kept)
    assert charlies_token not in str(OutboxMail.objects.values())


def test_taken_back_it_is_dead_at_once(
    alice: APIClient, charlie: APIClient, cast: Cast, charlies_token: str
) -> None:
    [row] = alice.get(INVITES).json()["results"]
    assert alice.delete(f"{INVITES}/{row['id']}").status_code == 204
    answer = accept(charlie, charlies_token)
    assert (answer.status_code, answer.json()["code"]) == (400, "invitation-revoked")
    assert alice.get(INVITES).json()["results"] == []
    assert alice.delete(f"{INVITES}/{row['id']}").status_code == 404
    assert audited(cast.acme)[-2:] == ["invitation.revoked", "request.denied"]


def test_sending_it_again_replaces_the_link_and_the_week(
    alice: APIClient,
    charlie: APIClient,
    cast: Cast,
    charlies_token: str,
    delivered: Delivered,
) -> None:
    [row] = alice.get(INVITES).json()["results"]
    let_pass(cast.acme, conf.INVITATION_LIFE)
    assert alice.get(INVITES).json()["results"][0]["state"] == "expired"
    answer = alice.post(f"{INVITES}/{row['id']}/resend")
    assert (answer.status_code, answer.json()["state"]) == (200, "pending")
    fresh = token_in(delivered()[-1])
    assert accept(charlie, charlies_token).json()["code"] == "invitation-invalid"
    assert accept(charlie, fresh).status_code == 200
    assert "invitation.resent" in audited(cast.acme)


def test_an_address_has_one_open_invitation(alice: APIClient, cast: Cast) -> None:
    assert invite(alice, NEWCOMER).status_code == 201
    again = invite(alice, NEWCOMER.upper())
    assert (again.status_code, again.json()["code"]) == (409, "already-invited")
    assert len(alice.get(INVITES).json()["results"]) == 1


def test_an_expired_one_is_renewed_by_inviting_again(alice: APIClient, cast: Cast) -> None:
    first = invite(alice, NEWCOMER).json()
    let_pass(cast.acme, conf.INVITATION_LIFE)
    second = invite(alice, NEWCOMER, role="admin")
    assert (second.status_code, second.json()["id"], second.json()["role"]) == (201, first["id"], "admin")


def test_members_are_not_invited(alice: APIClient, cast: Cast) -> None:
    answer = invite(alice, cast.bob.email)
    assert (answer.status_code, answer.json()["code"]) == (409, "already-member")


def test_e3_the_answer_does_not_tell_whether_the_address_has_an_account(alice: APIClient, cast: Cast) -> None:
    known, unknown = invite(alice, cast.charlie.email), invite(alice, "nobody@globex.test")
    shapes = [
        {key: value for key, value in answer.json().items() if key not in ("id", "email")}
        for answer in (known, unknown)
    ]
    for shape in shapes:
        for moment in ("created_at", "sent_at", "expires_at"):
            shape.pop(moment)
    assert shapes[0] == shapes[1]
    assert User.objects.filter(email="nobody@globex.test").count() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": NEWCOMER, "role": "owner"}, "role"),
        ({}, "email"),
        ({"email": NEWCOMER, "message": "hi"}, "message"),
    ],
)
def test_bad_input_is_named(alice: APIClient, body: dict[str, str], field: str) -> None:
    answer = alice.post(INVITES, body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_mailbox_gets_six_invitations_a_day_from_all_tenants(cast: Cast) -> None:
    def send(number: int) -> None:
        with tenant_context(cast.acme.pk):
            invitations.invite(
                emails=[f"a.d.a+{number}@lovelace.test"],
                role=Role.CREATOR,
                inviter_id=cast.alice.pk,
                at=clock.now(),
            )

    for number in range(6):
        send(number)
    with pytest.raises(RateLimited):
        send(6)


def test_of_several_addresses_all_are_invited_or_none(cast: Cast) -> None:
    with tenant_context(cast.acme.pk), pytest.raises(DomainError):
        invitations.invite(
            emails=[NEWCOMER, cast.bob.email],
            role=Role.CREATOR,
            inviter_id=cast.alice.pk,
            at=clock.now(),
        )
    with tenant_context(cast.acme.pk):
        assert not Invitation.objects.exists()
    assert not OutboxMail.objects.exists()


@pytest.mark.committed
def test_sixteen_invitations_of_one_address_at_once_are_one(committed_cast: Cast) -> None:
    cast = committed_cast
    clients = [bearer(cast.alice, cast.acme) for _ in range(4)]
    answers = at_once(lambda number: invite(clients[number], NEWCOMER), count=4)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


def test_invitations_go_out_with_redis_down(alice: APIClient, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert invite(alice, NEWCOMER).status_code == 201
