"""The lower part of /usage: who used it, where a line leads, mail at thresholds, asking for more."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.test import Client

from metering import notices, services
from metering.meters import Meter
from metering.models import LimitRequest
from rendering.models import Project
from tenants.context import tenant_context
from tests.cast import Cast

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metering.views.clock.now", lambda: NOON)


@pytest.fixture
def worked(cast: Cast, mill: Project) -> Project:
    """Alice and Bob rendered the mill, a program something else."""
    use(cast, 300, project_id=mill.pk, user_id=cast.alice.pk)
    use(cast, 100, project_id=mill.pk, user_id=cast.bob.pk)
    use(cast, 50)
    return mill


def use(cast: Cast, minutes: int, project_id: UUID | None = None, user_id: UUID | None = None) -> None:
    with tenant_context(cast.acme.pk):
        services.settle(
            tenant_id=cast.acme.pk,
            reservation_key="none",
            event_key=str(uuid4()),
            meter=Meter.RENDER,
            amount=minutes * 60_000,
            subject=f"render:{uuid4()}",
            at=NOON,
            project_id=project_id,
            user_id=user_id,
        )


@pytest.mark.usefixtures("worked")
def test_usage_is_told_by_project_and_by_member(alice_browser: Client) -> None:
    context = alice_browser.get("/usage").context
    assert [(part.name.text, part.amount) for part in context["by_project"]] == [
        ("Mill", 400),
        ("No project", 50),
    ]
    assert [(part.name.text, part.amount) for part in context["by_member"]] == [
        ("alice@acme.test", 300),
        ("bob@acme.test", 100),
        ("API keys and the system", 50),
    ]


@pytest.mark.usefixtures("worked")
def test_each_line_says_what_its_meter_said_after_it(alice_browser: Client) -> None:
    lines = alice_browser.get("/usage").context["lines"]
    assert [(line.amount, line.after) for line in lines] == [(50, 450), (100, 400), (300, 300)]
    assert [line.project.text if line.project else "" for line in lines] == ["", "Mill", "Mill"]


@pytest.mark.usefixtures("worked")
def test_another_workspace_sees_no_names(charlie_browser: Client) -> None:
    page = charlie_browser.get("/usage").content.decode()
    assert "Mill" not in page
    assert "acme.test" not in page


def test_an_admin_asks_for_more_and_sees_that_it_waits(alice_browser: Client, cast: Cast) -> None:
    form = {"meter": "render_minutes", "wanted": "900.5", "note": "We launch on Friday."}
    page = alice_browser.post("/usage/limit-requests", form, follow=True).content.decode()
    assert "Asked. We answer by mail." in page
    assert "You asked for 900.5 min of render minutes." in page
    with tenant_context(cast.acme.pk):
        request = LimitRequest.objects.get()
        assert (request.wanted_amount, request.asked_by) == (900.5 * 60_000, cast.alice.pk)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("", "Say how much you need, as a number."),
        ("lots", "Enter a number."),
        ("400", "Your limit is 500 min. Ask for more than that."),
    ],
)
def test_a_wish_that_makes_no_sense_keeps_what_was_typed(
    alice_browser: Client, wanted: str, sentence: str
) -> None:
    form = {"meter": "render_minutes", "wanted": wanted, "note": "We launch on Friday."}
    answer = alice_browser.post("/usage/limit-requests", form)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert "We launch on Friday." in answer.content.decode()


def test_asking_twice_is_told_apart_from_a_mistake(alice_browser: Client) -> None:
    form = {"meter": "render_minutes", "wanted": "900", "note": "We launch on Friday."}
    alice_browser.post("/usage/limit-requests", form)
    answer = alice_browser.post("/usage/limit-requests", form)
    assert "You asked for more of this already" in answer.content.decode()


def test_mail_is_chosen_on_the_page(alice_browser: Client, cast: Cast) -> None:
    alice_browser.post("/usage/alerts", {"percents": ["95"]})
    with tenant_context(cast.acme.pk):
        assert notices.mail_percents() == [95, 100]
    assert alice_browser.get("/usage").context["percents"] == [
        (50, False),
        (80, False),
        (95, True),
        (100, True),
    ]


@pytest.mark.parametrize("path", ["limit-requests", "alerts"])
def test_creators_see_it_and_may_not(bob_browser: Client, path: str) -> None:
    assert "Admins of the workspace can ask." in bob_browser.get("/usage").content.decode()
    assert bob_browser.post(f"/usage/{path}", {}).status_code == 403


@pytest.mark.parametrize("path", ["limit-requests", "alerts", "tell-me"])
def test_strangers_sign_in_first(client: Client, db: None, path: str) -> None:
    assert client.post(f"/usage/{path}", {})["Location"].startswith("/login")
