"""A workspace that demands a second factor: its members add or show one before they go on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts import services
from accounts.models import Session
from accounts.second_factor import rules
from cutroom import clock
from tenants.context import tenant_context
from tenants.models import AuditEntry, Membership, Role
from tests.accounts.second_factor.conftest import SECURITY, give_passkey, prove, words
from tests.cast import Cast, bearer, give_app

pytestmark = pytest.mark.django_db

RULE = f"{SECURITY}/rule"
ME = "/api/auth/me"
PROJECTS = "/api/v1/projects"


def demand(cast: Cast, *, is_demanded: bool = True) -> None:
    with tenant_context(cast.acme.pk):
        rules.demand(is_demanded=is_demanded, at=clock.now())


def test_a_member_without_a_factor_is_told_where_to_add_one(bob: APIClient, cast: Cast) -> None:
    assert bob.get(PROJECTS).status_code == 200
    demand(cast)
    refused = bob.get(PROJECTS)
    assert (refused.status_code, refused.json()["code"]) == (403, "second-factor-missing")
    assert refused.json()["url"] == f"http://localhost{SECURITY}"


def test_it_holds_on_the_very_next_request_and_ends_so(bob: APIClient, cast: Cast) -> None:
    demand(cast)
    assert bob.get(PROJECTS).status_code == 403
    demand(cast, is_demanded=False)
    assert bob.get(PROJECTS).status_code == 200


def test_a_page_leads_to_the_security_page_which_says_why(bob_browser: Client, cast: Cast) -> None:
    demand(cast)
    assert bob_browser.get("/library").headers["Location"] == SECURITY
    page = bob_browser.get(SECURITY)
    assert page.status_code == 200
    assert "Acme asks every member for a second factor." in words(page)


def test_htmx_is_told_to_leave_the_page(bob_browser: Client, cast: Cast) -> None:
    demand(cast)
    answer = bob_browser.get("/library", HTTP_HX_REQUEST="true")
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, SECURITY)


def test_nothing_is_done_on_the_way(bob_browser: Client, bob: APIClient, cast: Cast) -> None:
    demand(cast)
    assert bob.post(PROJECTS, {"title": "Mill"}).status_code == 403
    assert bob_browser.post("/create", {"title": "Mill"}).headers["Location"] == SECURITY
    demand(cast, is_demanded=False)
    assert [row["slug"] for row in bob.get(PROJECTS).json()["results"] if row["title"] == "Mill"] == []


def test_adding_a_factor_opens_the_way(bob_browser: Client, cast: Cast) -> None:
    demand(cast)
    give_app(cast.bob)
    prove(cast.bob)
    assert bob_browser.get("/library").status_code == 200


def test_an_older_session_shows_the_factor_first(bob_browser: Client, bob: APIClient, cast: Cast) -> None:
    """Another device had no second factor when it signed in."""
    demand(cast)
    give_app(cast.bob)
    answer = bob_browser.get("/library?q=mill")
    assert answer.headers["Location"] == "/account/confirm?next=%2Flibrary%3Fq%3Dmill"
    refused = bob.get(PROJECTS).json()
    assert (refused["code"], refused["url"].startswith("http://localhost/account/confirm")) == (
        "second-factor-missing",
        True,
    )


def test_removing_the_last_factor_closes_it_again(bob_browser: Client, cast: Cast) -> None:
    demand(cast)
    give_app(cast.bob)
    prove(cast.bob)
    assert "you will have to add another" in words(bob_browser.get(f"{SECURITY}/app/remove"))
    bob_browser.post(f"{SECURITY}/app/remove")
    assert bob_browser.get("/library").headers["Location"] == SECURITY


@pytest.mark.parametrize("path", ["/logout", "/theme"])
def test_one_can_always_leave(bob_browser: Client, cast: Cast, path: str) -> None:
    demand(cast)
    assert bob_browser.post(path).headers["Location"] != SECURITY


def test_the_api_still_says_who_one_is_and_signs_out(bob: APIClient, cast: Cast) -> None:
    demand(cast)
    assert bob.get(ME).status_code == 200
    assert bob.get("/api/auth/sessions").status_code == 200


def test_api_keys_go_on_working(cast: Cast) -> None:
    demand(cast)
    with tenant_context(cast.acme.pk):
        key, _ = services.rotate_api_key(user_id=cast.alice.pk, grace=timedelta(), at=clock.now())
    program = APIClient()
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert program.get(PROJECTS).status_code == 200


def test_another_workspace_is_not_asked(charlie: APIClient, cast: Cast) -> None:
    demand(cast)
    assert charlie.get(PROJECTS).status_code == 200


def test_a_person_in_two_workspaces_is_asked_in_the_one_that_demands_it(cast: Cast) -> None:
    with tenant_context(cast.globex.pk):
        Membership.objects.create(user=cast.bob, role=Role.CREATOR)
    demand(cast)
    assert bearer(cast.bob, cast.acme).get(PROJECTS).status_code == 403
    assert bearer(cast.bob, cast.globex).get(PROJECTS).status_code == 200


def test_an_admin_switches_it_on_and_off(alice_browser: Client, cast: Cast) -> None:
    give_app(cast.alice)
    prove(cast.alice)
    assert "1 of 2 members has none yet" in words(alice_browser.get(RULE))
    alice_browser.post(RULE, {"demand": "yes"})
    assert "Every member needs a second factor" in words(alice_browser.get(SECURITY))
    assert "Stop asking" in words(alice_browser.get(RULE))
    alice_browser.post(RULE, {"demand": "no"})
    with tenant_context(cast.acme.pk):
        assert not rules.reach().is_demanded
        entries = AuditEntry.objects.filter(action__startswith="second-factor.demand").order_by("at")
        assert [(entry.action, entry.user_id) for entry in entries] == [
            ("second-factor.demanded", cast.alice.pk),
            ("second-factor.demand-ended", cast.alice.pk),
        ]


def test_an_admin_without_a_factor_adds_their_own_first(alice_browser: Client, cast: Cast) -> None:
    assert "Add yours first" in words(alice_browser.get(RULE))
    assert alice_browser.post(RULE, {"demand": "yes"}).status_code == 409
    with tenant_context(cast.acme.pk):
        assert not rules.reach().is_demanded


def test_a_creator_does_not_switch_it(bob_browser: Client, cast: Cast) -> None:
    give_app(cast.bob)
    prove(cast.bob)
    assert bob_browser.get(RULE).status_code == 403
    assert bob_browser.post(RULE, {"demand": "yes"}).status_code == 403
    assert "have one" not in words(bob_browser.get(SECURITY))


def test_switching_needs_a_recent_sign_in(alice_browser: Client, cast: Cast) -> None:
    give_app(cast.alice)
    Session.objects.update(second_factor_at=clock.now() - timedelta(minutes=11))
    answer = alice_browser.post(RULE, {"demand": "yes"})
    assert answer.headers["Location"].startswith("/account/confirm?next=")
    with tenant_context(cast.acme.pk):
        assert not rules.reach().is_demanded


def test_how_many_members_meet_it_costs_three_queries(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    give_app(cast.alice)
    give_passkey(cast.alice, cast.acme)
    with tenant_context(cast.acme.pk), django_assert_num_queries(3):
        assert rules.reach() == rules.Reach(is_demanded=False, members=2, enrolled=1)
