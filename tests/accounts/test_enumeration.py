"""Nobody learns from us who has an account."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import LoginRequest, OutboxMail, User
from tenants.context import tenant_context
from tenants.models import Tenant, TenantState
from tests.cast import Cast

pytestmark = pytest.mark.django_db

REQUEST = "/api/auth/magic-link/request"


@pytest.fixture
def addresses(cast: Cast) -> list[str]:
    """Known, unknown, closed, suspended, operator, and well-formed nonsense."""
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    with tenant_context(cast.globex.pk):
        Tenant.objects.update(state=TenantState.SUSPENDED)
    people = [cast.alice, cast.bob, cast.charlie, cast.olga]
    return [*(person.email for person in people), "nobody@acme.test", "x@y.invalid"]


def answer_to(email: str) -> tuple[Any, ...]:
    answer = APIClient().post(REQUEST, {"email": email})
    headers = {name: value for name, value in answer.items() if name != "X-Request-Id"}
    return answer.status_code, answer.content, headers, dict(answer.cookies)


def shape(statement: str) -> str:
    """A statement without its values and without the serial numbers of savepoints."""
    return re.sub(r"_x\d+", "", re.split("VALUES|WHERE|SET", statement)[0])


def test_e1_the_answer_is_byte_identical(addresses: list[str], forget_limits: Callable[[], None]) -> None:
    answers = []
    for email in addresses:
        # The headers count what the network asked; they know nothing of the address.
        forget_limits()
        answers.append(answer_to(email))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][:2] == (200, b'{"success":true}')


def test_e1_so_is_the_refusal(addresses: list[str]) -> None:
    for email in addresses:
        answer_to(email)
    bodies = []
    for email in addresses:
        body = APIClient().post(REQUEST, {"email": email}).json()
        bodies.append({name: body[name] for name in ("status", "code", "title")})
    assert all(body == {**bodies[0], "status": 429} for body in bodies)


def test_e2_both_do_the_same_work(addresses: list[str]) -> None:
    """The same statements in the same order: timing has nothing to tell apart."""
    shapes = set()
    for email in addresses:
        with CaptureQueriesContext(connection) as queries:
            answer_to(email)
        shapes.add(tuple(shape(query["sql"]) for query in queries))
    assert len(shapes) == 1
    assert LoginRequest.objects.count() == OutboxMail.objects.count() == len(addresses)


def test_unknown_addresses_get_mail_too(addresses: list[str]) -> None:
    for email in addresses:
        answer_to(email)
    assert set(OutboxMail.objects.values_list("recipient", flat=True)) == set(addresses)
