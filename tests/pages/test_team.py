"""The team page as a browser without JavaScript sees it: inviting, roles, removal, handing over, leaving."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import invitations
from accounts.models import Invitation
from cutroom import clock
from tenants.context import Actor, tenant_context
from tenants.models import Membership, Role
from tenants.roles import TABLE
from tests.cast import Cast, browser_of, join

pytestmark = pytest.mark.django_db

TEAM = "/team"


def text_of(page: Any) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def path_of(cast: Cast, name: str, deed: str) -> str:
    with tenant_context(cast.acme.pk):
        member = Membership.objects.get(user=getattr(cast, name))
    return f"/team/members/{member.pk}/{deed}"


def roles(cast: Cast) -> dict[str, str]:
    with tenant_context(cast.acme.pk):
        rows = Membership.objects.values_list("user__email", "role")
        return {email.partition("@")[0]: role for email, role in rows}


def invited(cast: Cast) -> list[str]:
    with tenant_context(cast.acme.pk):
        return sorted(invitations.waiting().values_list("email", flat=True))


@pytest.fixture
def guest(cast: Cast) -> Invitation:
    """An open invitation of Acme."""
    with tenant_context(cast.acme.pk, actor=Actor(user_id=cast.alice.pk)):
        [invitation] = invitations.invite(
            emails=["guest@acme.test"], role=Role.CREATOR, inviter_id=cast.alice.pk, at=clock.now()
        )
    return invitation


def test_an_admin_sees_members_invitations_and_what_roles_may_do(
    alice_browser: Client, guest: Invitation
) -> None:
    page = alice_browser.get(TEAM)
    said = text_of(page)
    for words in ("alice@acme.test you", "bob@acme.test", "guest@acme.test", "2 members", "You are admin"):
        assert words in said
    assert "The last admin: make somebody else an admin to change this." in said
    for capability in TABLE:
        assert capability.label[1:] in said


def test_strangers_sign_in_first(client: Client, db: None) -> None:
    assert client.get(TEAM)["Location"] == "/login?next=%2Fteam"


def test_several_are_invited_at_once(alice_browser: Client, cast: Cast) -> None:
    typed = "ada@lovelace.test, Grace <grace@hopper.test>\nADA@lovelace.test"
    answer = alice_browser.post("/team/invites", {"emails": typed.replace("Grace ", ""), "role": "admin"})
    assert answer["Location"] == TEAM
    assert invited(cast) == ["ada@lovelace.test", "grace@hopper.test"]
    assert "2 invitations sent." in text_of(alice_browser.get(TEAM))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("ada@lovelace.test nobody", "These are no mail addresses: nobody."),
        ("", "Enter at least one mail address."),
        ("bob@acme.test", "bob@acme.test is a member already"),
        ("guest@acme.test", "guest@acme.test has an open invitation"),
        (" ".join(f"p{number}@lovelace.test" for number in range(21)), "21 addresses; 20 are possible"),
    ],
)
def test_what_was_typed_comes_back_with_what_is_wrong(
    alice_browser: Client, cast: Cast, guest: Invitation, typed: str, said: str
) -> None:
    answer = alice_browser.post("/team/invites", {"emails": typed, "role": "admin"})
    assert answer.status_code in (400, 409)
    page = answer.content.decode()
    assert said in text_of(answer)
    assert f">\n{typed}</textarea>" in unescape(page)
    assert re.search(r'value="admin"[^>]*checked', page)
    assert 'href="#id_emails"' in page
    assert invited(cast) == ["guest@acme.test"]


def test_an_invitation_is_sent_again_and_taken_back(
    alice_browser: Client, cast: Cast, guest: Invitation
) -> None:
    assert alice_browser.post(f"/team/invites/{guest.pk}/resend")["Location"] == TEAM
    assert "Sent to guest@acme.test again." in text_of(alice_browser.get(TEAM))
    assert alice_browser.post(f"/team/invites/{guest.pk}/revoke")["Location"] == TEAM
    assert invited(cast) == []
    again = alice_browser.post(f"/team/invites/{guest.pk}/revoke")
    assert again.status_code == 404


def test_a_role_is_changed(alice_browser: Client, cast: Cast) -> None:
    alice_browser.post(path_of(cast, "bob", "role"), {"role": "admin"})
    assert roles(cast) == {"alice": "admin", "bob": "admin"}
    assert "bob@acme.test is now admin." in text_of(alice_browser.get(TEAM))


def test_the_last_admin_is_told_why_not(alice_browser: Client, cast: Cast) -> None:
    answer = alice_browser.post(path_of(cast, "alice", "role"), {"role": "creator"})
    assert answer.status_code == 409
    assert "Nothing was changed. This is the last admin" in text_of(answer)
    for deed in (path_of(cast, "alice", "remove"), "/team/leave"):
        assert 'class="btn danger"' not in alice_browser.get(deed).content.decode()
        assert alice_browser.post(deed).status_code == 409
    assert roles(cast) == {"alice": "admin", "bob": "creator"}


@pytest.mark.parametrize("deed", ["remove", "hand-over"])
def test_weighty_deeds_are_asked_for_twice(alice_browser: Client, cast: Cast, deed: str) -> None:
    path = path_of(cast, "bob", deed)
    assert "bob@acme.test?" in text_of(alice_browser.get(path))
    assert roles(cast) == {"alice": "admin", "bob": "creator"}
    assert alice_browser.post(path)["Location"] == TEAM
    after = {"remove": {"alice": "admin"}, "hand-over": {"alice": "creator", "bob": "admin"}}
    assert roles(cast) == after[deed]


def test_a_removed_member_is_out_on_the_next_page_and_may_start_anew(
    alice_browser: Client, bob_browser: Client, cast: Cast
) -> None:
    alice_browser.post(path_of(cast, "bob", "remove"))
    assert bob_browser.get("/library")["Location"] == "/login?next=%2Flibrary"
    assert bob_browser.get("/login")["Location"] == "/workspaces"
    said = text_of(bob_browser.get("/workspaces"))
    assert "bob@acme.test" in said
    assert "You belong to none" in said
    assert bob_browser.post("/workspaces/new")["Location"] == "/"
    assert "Bob" in text_of(bob_browser.get(TEAM))
    assert bob_browser.post("/workspaces/new").status_code == 409


def test_leaving_leads_to_ones_other_workspaces(bob_browser: Client, cast: Cast) -> None:
    with tenant_context(cast.globex.pk):
        Membership.objects.create(user=cast.bob, role=Role.CREATOR)
    assert bob_browser.post("/team/leave")["Location"] == "/workspaces"
    said = text_of(bob_browser.get("/workspaces"))
    assert "Globex" in said
    assert "Acme" not in said
    assert bob_browser.post("/workspaces/switch", {"tenant": str(cast.globex.pk)})["Location"] == "/"
    assert "You are now in Globex." in text_of(bob_browser.get(TEAM))


def test_signing_out_works_without_a_workspace(bob_browser: Client, cast: Cast) -> None:
    bob_browser.post("/team/leave")
    bob_browser.post("/logout")
    assert bob_browser.get("/workspaces")["Location"].startswith("/login")


def test_the_menu_is_there_for_whoever_has_two_workspaces(
    alice_browser: Client, bob_browser: Client, cast: Cast
) -> None:
    assert "Switch workspace" not in text_of(alice_browser.get("/usage"))
    with tenant_context(cast.globex.pk):
        Membership.objects.create(user=cast.bob, role=Role.CREATOR)
    page = bob_browser.get("/usage").content.decode()
    assert re.search(rf'name="tenant" value="{cast.globex.pk}"', page)
    bob_browser.post("/workspaces/switch", {"tenant": str(cast.globex.pk)})
    assert "Globex, 2 members" in text_of(bob_browser.get(TEAM)).replace(" ,", ",")


def test_a_form_of_the_old_workspace_is_not_sent_into_the_new_one(cast: Cast) -> None:
    """Another tab may still show it."""
    with tenant_context(cast.globex.pk):
        Membership.objects.create(user=cast.alice, role=Role.ADMIN)
    browser = browser_of(cast.alice, cast.acme, enforce_csrf_checks=True)
    old_form = {"csrfmiddlewaretoken": csrf_of(browser.get(TEAM)), "name": "Old tab"}
    switched = {"csrfmiddlewaretoken": csrf_of(browser.get("/workspaces")), "tenant": str(cast.globex.pk)}
    assert browser.post("/workspaces/switch", switched).status_code == 302
    assert browser.post("/team/name", old_form).status_code == 403


def csrf_of(page: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def test_nobody_switches_to_a_workspace_of_others(bob_browser: Client, cast: Cast) -> None:
    for wanted in (str(cast.globex.pk), "nonsense", ""):
        assert bob_browser.post("/workspaces/switch", {"tenant": wanted}).status_code == 403


def test_the_name_is_changed_or_comes_back(alice_browser: Client, cast: Cast) -> None:
    assert alice_browser.post("/team/name", {"name": "Acme Films"})["Location"] == TEAM
    assert "Acme Films" in text_of(alice_browser.get("/usage"))
    answer = alice_browser.post("/team/name", {"name": "see https://evil.test"})
    assert answer.status_code == 400
    assert 'value="see https://evil.test"' in answer.content.decode()
    assert "A name cannot be a web address." in text_of(answer)


def test_a_creator_sees_everything_locked_and_who_to_ask(bob_browser: Client, cast: Cast, guest: Any) -> None:
    page = bob_browser.get(TEAM)
    said = text_of(page)
    assert "Only an admin can invite, remove and change roles: alice@acme.test." in said
    assert "needs the role admin" in said
    assert page.content.decode().count('<fieldset class="stack" disabled>') == 2
    assert "guest@acme.test" not in said
    for path in (
        "/team/invites",
        "/team/name",
        path_of(cast, "alice", "role"),
        path_of(cast, "alice", "remove"),
    ):
        assert bob_browser.post(path, {"role": "creator", "name": "x"}).status_code == 403
    assert roles(cast) == {"alice": "admin", "bob": "creator"}


def test_another_tenants_members_and_invitations_are_not_found(
    charlie_browser: Client, cast: Cast, guest: Invitation
) -> None:
    paths = [path_of(cast, "bob", deed) for deed in ("role", "remove", "hand-over")]
    paths += [f"/team/invites/{guest.pk}/{deed}" for deed in ("resend", "revoke")]
    assert {charlie_browser.post(path, {"role": "admin"}).status_code for path in paths} == {404}


def test_the_page_costs_the_same_however_many_there_are(alice_browser: Client, cast: Cast) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert alice_browser.get(TEAM).status_code == 200
        return len(captured)

    # The first look also fills what is kept for the next, such as the plans.
    cost()
    few = cost()
    for number in range(60):
        join(cast.acme, f"person-{number}", Role.CREATOR)
    assert cost() == few
    assert few <= 18
    assert "1 of 2" in text_of(alice_browser.get(TEAM))
