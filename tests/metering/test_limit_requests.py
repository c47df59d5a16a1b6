"""Asking for a higher limit: waits for an operator, is granted as an override, and the asker is told."""

from __future__ import annotations

from uuid import uuid4

import pytest

from cutroom.errors import InvalidInput
from metering import readings, requests
from metering.errors import RequestAnswered, RequestWaits
from metering.meters import Meter
from metering.models import LimitRequest, Notice, RequestState
from tenants.models import AuditEntry, Tenant
from tests.metering.conftest import NOON

BOB = uuid4()
OLGA = uuid4()
WHY = "A good customer with a launch."


def ask(wanted: int = 50, meter: Meter = Meter.IMAGES) -> LimitRequest:
    return requests.ask(meter=meter, wanted=wanted, note="We launch on Friday.", user_id=BOB, at=NOON)


def test_a_request_waits_and_changes_nothing(inside: Tenant) -> None:
    request = ask()
    assert (request.state, request.limit_amount, request.asked_by) == (RequestState.OPEN, 10, BOB)
    assert readings.of_meter(inside.pk, Meter.IMAGES, NOON).limit == 10
    assert AuditEntry.objects.filter(action="limit.requested").exists()


def test_one_request_a_meter_waits_at_a_time(inside: Tenant) -> None:
    ask()
    with pytest.raises(RequestWaits):
        ask(60)
    assert ask(8, Meter.UPLOADS)


@pytest.mark.parametrize("wanted", [0, 9, 10])
def test_asking_for_no_more_than_there_is_gets_a_sentence(inside: Tenant, wanted: int) -> None:
    with pytest.raises(InvalidInput, match=r"Your limit is 10\. Ask for more than that\."):
        ask(wanted)


def test_a_granted_request_is_an_override_and_news_for_who_asked(inside: Tenant) -> None:
    granted = requests.grant(request_id=ask().pk, limit=40, reason=WHY, operator_id=OLGA, at=NOON)
    assert (granted.state, granted.decided_by) == (RequestState.GRANTED, OLGA)
    assert granted.override is not None
    assert granted.override.author_id == OLGA
    assert readings.of_meter(inside.pk, Meter.IMAGES, NOON).limit == 40
    notice = Notice.objects.get(kind="granted")
    assert (notice.user_id, notice.detail) == (BOB, {"wanted": 50, "limit": 40, "answer": WHY})
    assert ask()


def test_a_declined_request_leaves_the_limit_and_says_why(inside: Tenant) -> None:
    requests.decline(request_id=ask().pk, reason=WHY, operator_id=OLGA, at=NOON)
    assert readings.of_meter(inside.pk, Meter.IMAGES, NOON).limit == 10
    assert Notice.objects.get(kind="declined").detail["answer"] == WHY
    assert AuditEntry.objects.filter(action="limit.declined", user_id=OLGA).exists()


def test_a_request_is_answered_once(inside: Tenant) -> None:
    request = ask()
    requests.decline(request_id=request.pk, reason=WHY, operator_id=OLGA, at=NOON)
    with pytest.raises(RequestAnswered):
        requests.grant(request_id=request.pk, limit=40, reason=WHY, operator_id=OLGA, at=NOON)


def test_an_answer_needs_a_reason(inside: Tenant) -> None:
    request = ask()
    with pytest.raises(InvalidInput):
        requests.decline(request_id=request.pk, reason="no", operator_id=OLGA, at=NOON)
    with pytest.raises(InvalidInput):
        requests.grant(request_id=request.pk, limit=40, reason="ok", operator_id=OLGA, at=NOON)
