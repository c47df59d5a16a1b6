"""An operator acts as a member: told to the member, bounded, and with both ids in every audit entry."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import OutboxMail, Session
from cutroom import clock
from tenants.models import AuditEntry, Membership
from tests.console.conftest import REASON, Site, do

pytestmark = pytest.mark.committed

FORMS = ["/team/invites", "/team/name", "/logout", "/account/delete", "/billing/portal"]
CLOSED = [
    "/billing",
    "/account",
    "/account/security",
    "/account/webhooks",
    "/account/delete",
    "/workspaces",
    "/admin/",
]


@pytest.fixture
def acting(site: Site, olga: Client) -> Client:
    """Olga as Bob."""
    bob = Membership.everywhere.using("ops").get(user=site.cast.bob)
    assert do(olga, "act-as", bob.pk).headers["Location"] == "/library"
    return olga


def test_she_sees_what_he_sees_under_a_bar_that_says_so(site: Site, acting: Client) -> None:
    page = acting.get("/library").content.decode()
    assert f'You act as <strong dir="auto">{site.cast.bob.email}</strong>' in page
    assert "A ready film" in page


def test_he_is_told_with_the_reason(site: Site, acting: Client) -> None:
    mail = OutboxMail.objects.get(kind="operator_acted")
    assert mail.recipient == site.cast.bob.email


@pytest.mark.parametrize("path", CLOSED)
def test_money_keys_people_export_and_deletion_are_closed(acting: Client, path: str) -> None:
    assert acting.get(path).status_code == 403


@pytest.mark.parametrize("path", FORMS)
def test_so_are_their_forms(acting: Client, path: str) -> None:
    assert acting.post(path, {}).status_code == 403


def test_what_was_refused_is_named_in_the_log(site: Site, acting: Client) -> None:
    acting.get("/account/security")
    entry = AuditEntry.everywhere.using("ops").get(is_denied=True)
    assert (entry.detail["route"], entry.detail["code"]) == ("account/security", "not-while-acting")
    assert (entry.user_id, entry.operator_id) == (site.cast.bob.pk, site.cast.olga.pk)


def test_the_api_stays_closed(acting: Client) -> None:
    for path in ("/api/v1/projects", "/api/account/api-keys", "/api/auth/me"):
        assert acting.get(path).status_code in (401, 403), path


def test_every_entry_names_both(site: Site, acting: Client) -> None:
    acting.post(f"/renders/{site.jobs['queued'].pk}/cancel")
    entry = AuditEntry.everywhere.using("ops").get(action="render.cancelled")
    assert (entry.user_id, entry.operator_id) == (site.cast.bob.pk, site.cast.olga.pk)
    begun = AuditEntry.everywhere.using("ops").get(action="operator.act-as")
    assert begun.detail["reason"] == REASON


def test_she_stops_and_is_herself_again(site: Site, acting: Client) -> None:
    answer = acting.post("/acting/stop")
    assert answer.headers["Location"] == f"/admin/tenants/{site.acme.pk}/"
    assert acting.get(answer.headers["Location"]).status_code == 200
    assert Session.objects.get(operator_id=site.cast.olga.pk).end_reason == "operator-stopped"


def test_it_ends_by_itself_after_half_an_hour(site: Site, acting: Client) -> None:
    session = Session.objects.get(operator_id=site.cast.olga.pk)
    assert session.expires_at - session.created_at == timedelta(minutes=30)
    Session.objects.filter(pk=session.pk).update(expires_at=clock.now())
    assert acting.post("/create", {"title": "Not hers"}).status_code == 302
    assert acting.get("/admin/").status_code == 200


def test_he_can_end_it(site: Site, acting: Client) -> None:
    Session.objects.filter(operator_id=site.cast.olga.pk).update(ended_at=clock.now())
    assert "A ready film" not in acting.get("/library").content.decode()


def test_nobody_acts_as_an_operator(site: Site, olga: Client) -> None:
    own = Membership.everywhere.using("ops").filter(user=site.cast.olga).first()
    assert own is not None
    page = olga.get("/admin/do/act-as/", {"id": str(own.pk)}).content.decode()
    assert "This is an operator." in page


def test_it_wants_a_fresh_proof(site: Site, olga: Client) -> None:
    Session.objects.filter(user=site.cast.olga).update(second_factor_at=clock.now() - timedelta(minutes=11))
    bob = Membership.everywhere.using("ops").get(user=site.cast.bob)
    answer = olga.get("/admin/do/act-as/", {"id": str(bob.pk)})
    assert answer.headers["Location"].startswith("/account/confirm")
    assert olga.get("/admin/").status_code == 200
