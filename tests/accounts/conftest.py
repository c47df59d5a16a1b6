"""What the accounts tests share: asking for a link, using it, and reading the mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from rest_framework.test import APIClient

from accounts import conf, outbox, services
from accounts.entry import SignedIn
from accounts.magic_links import Asker, MagicLink
from cutroom import clock
from tests.accounts.invites import Delivered, invite, token_in
from tests.cast import Cast

ASKER = Asker(ip="192.0.2.1", device="Firefox on Linux")
NEWCOMER = "ada@lovelace.test"
OWN_PAGE: dict[str, Any] = {"HTTP_ORIGIN": "http://testserver", "HTTP_X_REQUESTED_WITH": "fetch"}


def ask(email: str, *, asker: Asker = ASKER, **more: Any) -> MagicLink:
    """A link and a code for an address."""
    return services.request_link(email=email, asker=asker, at=clock.now(), **more)


def sign_in(email: str, **more: Any) -> SignedIn:
    """Ask for a link and use it at once."""
    return services.verify_token(token=ask(email, **more).token, asker=ASKER, at=clock.now())


def refresh_at(client: APIClient, token: str) -> Any:
    """Refresh with a cookie, as a script of our own page does."""
    client.cookies[conf.refresh_cookie()] = token
    return client.post("/api/auth/refresh", **OWN_PAGE)


@pytest.fixture
def delivered() -> Callable[[], list[EmailMultiAlternatives]]:
    """Send what waits in the outbox and return every mail that left in this test."""

    def deliver() -> list[EmailMultiAlternatives]:
        outbox.deliver_due()
        return list(mail.outbox)  # type: ignore[arg-type]  # we send no other kind

    return deliver


@pytest.fixture
def charlies_token(alice: APIClient, cast: Cast, delivered: Delivered) -> str:
    """Charlie of Globex is invited to Acme as a creator."""
    assert invite(alice, cast.charlie.email).status_code == 201
    return token_in(delivered()[-1])


@pytest.fixture
def forget_limits(_redis: redis.Redis) -> Callable[[], None]:
    """Call it to ask again as if nothing had been counted."""

    def forget() -> None:
        _redis.flushdb()

    return forget
