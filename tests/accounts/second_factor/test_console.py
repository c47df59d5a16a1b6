"""The operator's console opens to staff who showed a second factor in the last twelve hours."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts import conf
from accounts.models import Session
from accounts.second_factor.models import AuthenticatorApp
from cutroom import clock
from tests.accounts.conftest import ask
from tests.accounts.second_factor.conftest import SECURITY
from tests.cast import AppInHand, Cast, console_of, give_app

pytestmark = pytest.mark.django_db

CONSOLE = "/admin/"


def test_the_console_is_where_we_think_it_is() -> None:
    assert reverse("admin:index") == conf.CONSOLE_PATH


def test_an_operator_without_a_factor_adds_one_first(client: Client, cast: Cast) -> None:
    client.post("/login/link", {"token": ask(cast.olga.email).token})
    for path in (CONSOLE, "/admin/accounts/user/"):
        assert client.get(path).headers["Location"] == SECURITY


def test_from_the_mail_over_the_code_into_the_console(client: Client, cast: Cast) -> None:
    phone: AppInHand = give_app(cast.olga)
    client.post("/login/link", {"token": ask(cast.olga.email, next_path=CONSOLE).token})
    entered = client.post("/login/second-factor", {"code": phone.code(clock.now())})
    assert entered.headers["Location"] == CONSOLE
    assert client.get(CONSOLE).status_code == 200


@pytest.mark.parametrize(("hours", "is_open"), [(11, True), (13, False)])
def test_it_closes_twelve_hours_after_the_factor_was_shown(cast: Cast, hours: int, is_open: bool) -> None:
    olga = console_of(cast.olga)
    Session.objects.filter(user=cast.olga).update(second_factor_at=clock.now() - timedelta(hours=hours))
    answer = olga.get(CONSOLE)
    assert (answer.status_code == 200) is is_open
    if not is_open:
        assert answer.headers["Location"] == "/account/confirm?next=%2Fadmin%2F"


def test_showing_it_again_opens_it(cast: Cast) -> None:
    olga = console_of(cast.olga)
    Session.objects.filter(user=cast.olga).update(second_factor_at=None)
    assert olga.get(CONSOLE).status_code == 302
    Session.objects.filter(user=cast.olga).update(second_factor_at=clock.now())
    assert olga.get(CONSOLE).status_code == 200


def test_a_removed_factor_closes_it_at_once(cast: Cast) -> None:
    olga = console_of(cast.olga)
    AuthenticatorApp.objects.all().delete()
    assert olga.get(CONSOLE).headers["Location"] == SECURITY


def test_a_console_cookie_without_a_session_of_ours_opens_nothing(client: Client, cast: Cast) -> None:
    give_app(cast.olga)
    client.force_login(cast.olga)
    assert client.get(CONSOLE).headers["Location"] == "/login?next=%2Fadmin%2F"


def test_a_session_of_somebody_else_does_not_open_it(cast: Cast) -> None:
    """Olga's console cookie, beside the page session of a member who showed a factor."""
    olga = console_of(cast.olga)
    give_app(cast.alice)
    Session.objects.filter(user=cast.olga).update(user=cast.alice, tenant_id=cast.acme.pk)
    assert olga.get(CONSOLE).status_code == 403


def test_members_are_not_asked_for_it_elsewhere(cast: Cast, client: Client) -> None:
    client.post("/login/link", {"token": ask(cast.olga.email).token})
    assert client.get("/library").status_code == 200
