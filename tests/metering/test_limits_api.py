"""GET /usage/check and /usage/limit-requests: one answer with everything, and a wish that waits."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from cutroom import clock
from metering import services
from metering.meters import Meter
from tenants.context import tenant_context
from tests.cast import Cast

CHECK = "/api/v1/usage/check"
REQUESTS = "/api/v1/usage/limit-requests"
WISH = {"meter": "images_count", "wanted": 50, "note": "We launch on Friday."}


@pytest.fixture
def eight_held(cast: Cast) -> None:
    """Acme holds eight of its ten images."""
    with tenant_context(cast.acme.pk):
        services.reserve(tenant_id=cast.acme.pk, key="render:1", amounts={Meter.IMAGES: 8}, at=clock.now())


@pytest.mark.usefixtures("eight_held")
def test_one_call_says_whether_how_much_until_when_why_and_what_helps(alice: APIClient) -> None:
    answer = alice.get(CHECK, {"meter": "images_count", "amount": "3"}).json()
    numbers = {name: answer[name] for name in ("requested", "used", "held", "limit", "left", "credits")}
    assert numbers == {"requested": 3, "used": 0, "held": 8, "limit": 10, "left": 2, "credits": 0}
    assert (answer["allowed"], answer["reason"]) == (False, "full")
    assert answer["resets_at"].endswith("T00:00:00Z")
    assert [way["way"] for way in answer["ways_out"]] == ["upgrade", "wait", "ask"]
    assert answer["ways_out"][1]["at"] == answer["resets_at"]


@pytest.mark.usefixtures("eight_held")
def test_what_fits_is_allowed_and_nothing_is_held_by_asking(alice: APIClient) -> None:
    for _ in range(2):
        answer = alice.get(CHECK, {"meter": "images_count", "amount": "2"}).json()
        assert (answer["allowed"], answer["reason"], answer["ways_out"]) == (True, "fits", [])


def test_minutes_are_asked_for_in_minutes(alice: APIClient) -> None:
    answer = alice.get(CHECK, {"meter": "render_minutes", "amount": "0.5"}).json()
    assert (answer["requested"], answer["unit"], answer["left"]) == (0.5, "minutes", 500)


@pytest.mark.parametrize("query", [{}, {"meter": "coffee"}, {"meter": "images_count", "amount": "-1"}])
def test_a_senseless_question_is_named(alice: APIClient, query: dict[str, str]) -> None:
    answer = alice.get(CHECK, query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-input")


def test_a_wish_waits_and_is_listed(alice: APIClient, charlie: APIClient) -> None:
    made = alice.post(REQUESTS, WISH)
    assert made.status_code == 201
    document: dict[str, Any] = made.json()
    assert (document["state"], document["wanted"], document["limit"]) == ("open", 50, 10)
    assert [each["id"] for each in alice.get(REQUESTS).json()["results"]] == [document["id"]]
    assert charlie.get(REQUESTS).json()["results"] == []


def test_a_second_wish_for_the_same_meter_is_a_conflict(alice: APIClient) -> None:
    alice.post(REQUESTS, WISH)
    again = alice.post(REQUESTS, WISH)
    assert (again.status_code, again.json()["code"]) == (409, "limit-request-open")


def test_a_wish_for_no_more_than_there_is_is_named(alice: APIClient) -> None:
    answer = alice.post(REQUESTS, {**WISH, "wanted": 10})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "wanted"


def test_creators_may_look_and_not_ask(bob: APIClient) -> None:
    assert bob.get(REQUESTS).status_code == 200
    assert bob.post(REQUESTS, WISH).status_code == 403


@pytest.mark.parametrize("amount", ["1.5", "0.001"])
def test_pieces_are_whole(alice: APIClient, amount: str) -> None:
    asked = alice.get(CHECK, {"meter": "images_count", "amount": amount})
    wished = alice.post(REQUESTS, {**WISH, "wanted": amount}, format="json")
    for answer, field in ((asked, "amount"), (wished, "wanted")):
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == field
    assert alice.get(CHECK, {"meter": "render_minutes", "amount": amount}).status_code == 200
