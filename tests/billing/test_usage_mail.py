"""Mail about usage: to whom it is for, at the chosen thresholds, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail

from accounts import outbox
from accounts.models import OutboxMail
from metering import notices, requests, services
from metering.meters import Meter
from metering.models import NoticeKind
from tenants.context import tenant_context
from tests.cast import Cast

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WHY = "A good customer with a launch."


@pytest.fixture
def acme(cast: Cast) -> Iterator[Any]:
    """Acme, in context."""
    with tenant_context(cast.acme.pk):
        yield cast.acme


def use(acme: Any, images: int) -> None:
    services.reserve(tenant_id=acme.pk, key=f"render:{images}", amounts={Meter.IMAGES: images}, at=NOON)
    notices.announce_due(acme.pk, NOON)


def told() -> list[tuple[str, str]]:
    return list(OutboxMail.objects.order_by("created_at", "recipient").values_list("recipient", "subject"))


def test_admins_are_told_of_a_threshold_and_creators_are_not(acme: Any) -> None:
    use(acme, 400)
    assert sorted(told()) == [
        ("alice@acme.test", "50% of images used"),
        ("alice@acme.test", "80% of images used"),
    ]


def test_the_mail_has_the_numbers_and_what_happens_next(acme: Any) -> None:
    use(acme, 500)
    outbox.deliver_due()
    [last] = [each for each in mail.outbox if each.subject == "100% of images used"]
    assert "500 of 500" in str(last.body)
    assert "What is running is finished." in str(last.body)
    assert "/usage?meter=images_count" in str(last.body)


def test_only_chosen_thresholds_are_mailed(acme: Any) -> None:
    notices.choose_mail([95])
    use(acme, 500)
    assert sorted(subject for _, subject in told()) == ["100% of images used", "95% of images used"]


def test_who_asked_to_be_told_of_the_reset_is_told_when_it_comes(acme: Any, cast: Cast) -> None:
    december = datetime(2026, 12, 1, tzinfo=UTC)
    for _ in range(2):
        notices.write(
            key="reset:images:bob",
            kind=NoticeKind.RESET,
            meter=Meter.IMAGES,
            at=NOON,
            due_at=december,
            user_id=cast.bob.pk,
        )
    assert notices.announce_due(acme.pk, NOON) == 0
    assert notices.announce_due(acme.pk, december) == 1
    assert told() == [("bob@acme.test", "Images start again")]


@pytest.mark.parametrize("deed", ["grant", "decline"])
def test_who_asked_for_more_is_told_the_answer(acme: Any, cast: Cast, deed: str) -> None:
    request = requests.ask(meter=Meter.IMAGES, wanted=900, note="We launch.", user_id=cast.alice.pk, at=NOON)
    if deed == "grant":
        requests.grant(request_id=request.pk, limit=800, reason=WHY, operator_id=cast.olga.pk, at=NOON)
    else:
        requests.decline(request_id=request.pk, reason=WHY, operator_id=cast.olga.pk, at=NOON)
    notices.announce_due(acme.pk, NOON)
    outbox.deliver_due()
    [letter] = mail.outbox
    assert letter.to == ["alice@acme.test"]
    assert WHY in str(letter.body)
    assert ("800" if deed == "grant" else "stays at 500") in str(letter.body)
