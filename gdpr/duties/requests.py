"""Requests of people: received, confirmed, answered within a month, or extended with a reason and a notice.

The month is a calendar month (article 12(3)): the same day of the next one, or its last day.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import outbox
from cutroom import sealing
from cutroom.errors import Conflict, InvalidInput, NotFound
from gdpr import conf
from gdpr.duties.models import Outcome, PrivacyRequest, RequestKind, RequestState

FIRST, LONGEST = 1, 3
# Whoever does not confirm their address by then has to ask anew.
CONFIRM_WITHIN = timedelta(days=7)
WARN_PERCENTS = (50, 80, 100)
MAIL_LIFE = timedelta(days=3)


def receive(*, email: str, kind: RequestKind, text: str, is_known: bool, at: datetime) -> PrivacyRequest:
    """Take a request of a normalised address; it is confirmed by mail unless its owner is signed in.

    The clock runs from now on in either case.
    """
    token = sealing.new_token()
    request = PrivacyRequest.objects.create(
        email=email,
        kind=kind,
        text=text.strip(),
        state=RequestState.OPEN if is_known else RequestState.UNCONFIRMED,
        token_hash=sealing.digest(token),
        received_at=at,
        due_at=months_after(at, FIRST),
    )
    if is_known:
        _mail("privacy_request_received", request, at=at)
    else:
        link = f"{conf.site_url()}/privacy/requests/confirm?token={token}"
        _mail("privacy_request_confirm", request, at=at, link=link)
    return request


@transaction.atomic
def confirm(token: str, *, at: datetime) -> PrivacyRequest:
    """Confirm the address of a request by the mailed link. Again: no harm. Raises NotFound."""
    rows = PrivacyRequest.objects.select_for_update()
    request = rows.filter(token_hash=sealing.digest(token)).first() if token else None
    if request is None:
        raise NotFound("This link is not known. Write to us again.")
    if request.state == RequestState.UNCONFIRMED:
        request.state = RequestState.OPEN
        request.save(update_fields=["state"])
        _mail("privacy_request_received", request, at=at)
    return request


@transaction.atomic
def extend(request_id: UUID, *, reason: str, by: UUID | None, at: datetime) -> PrivacyRequest:
    """Take two months more, and say why by mail. Raises InvalidInput without one, Conflict later."""
    request = _open(request_id)
    if request.extended_at is not None:
        raise Conflict("It was extended already; three months in all is the most.")
    if at > months_after(request.received_at, FIRST):
        raise Conflict("The first month is over; it can only be extended, with a notice, within it.")
    request.extension_reason = _said(reason, field="extension_reason")
    request.extended_at, request.due_at, request.handled_by = at, _longest(request), by
    request.warned_percent = 0
    request.save()
    _mail("privacy_request_extended", request, at=at)
    return request


@transaction.atomic
def close(request_id: UUID, *, outcome: str, answer: str, by: UUID | None, at: datetime) -> PrivacyRequest:
    """Answer a request by mail and close it. Raises InvalidInput without an outcome or an answer."""
    request = _open(request_id)
    if outcome not in Outcome.values:
        raise InvalidInput(errors=[_error("outcome", "Say how it ended.")])
    request.answer = _said(answer, field="answer")
    request.outcome, request.state, request.closed_at = outcome, RequestState.CLOSED, at
    request.handled_by = by
    request.save()
    _mail("privacy_request_closed", request, at=at, authority=conf.controller().authority)
    return request


def of_person(email: str) -> list[PrivacyRequest]:
    """A person's requests, newest first."""
    return list(PrivacyRequest.objects.filter(email=email).order_by("-received_at")[:20])


def watch(*, at: datetime) -> int:
    """Mail whoever answers for the data as the time runs out; forget what nobody confirmed."""
    unconfirmed = PrivacyRequest.objects.filter(state=RequestState.UNCONFIRMED)
    unconfirmed.filter(received_at__lt=at - CONFIRM_WITHIN).delete()
    warned = 0
    for request in PrivacyRequest.objects.filter(state=RequestState.OPEN):
        passed = [percent for percent in WARN_PERCENTS if percent <= share_passed(request, at=at)]
        if passed and passed[-1] > request.warned_percent:
            request.warned_percent = passed[-1]
            request.save(update_fields=["warned_percent"])
            _mail("privacy_request_due", request, at=at, to=controller_address(), percent=passed[-1])
            warned += 1
    return warned


def share_passed(request: PrivacyRequest, *, at: datetime) -> float:
    """How much of the time for the answer is over, in percent."""
    return 100 * (at - request.received_at) / (request.due_at - request.received_at)


def months_after(moment: datetime, count: int) -> datetime:
    """The same day so many months later, or the last one of that month: 31 January gives 28 February."""
    years, month = divmod(moment.month - 1 + count, 12)
    year = moment.year + years
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def controller_address() -> str:
    """Whom to write to about duties; empty when the contact is no address."""
    return parseaddr(conf.controller().contact)[1]


def _longest(request: PrivacyRequest) -> datetime:
    return months_after(request.received_at, LONGEST)


def _open(request_id: UUID) -> PrivacyRequest:
    request = PrivacyRequest.objects.select_for_update().filter(pk=request_id).first()
    if request is None:
        raise NotFound()
    if request.state == RequestState.CLOSED:
        raise Conflict("This request is closed.")
    return request


def _said(text: str, *, field: str) -> str:
    if not text.strip():
        raise InvalidInput(errors=[_error(field, "Write a sentence; it is mailed to the person.")])
    return text.strip()


def _error(field: str, detail: str) -> dict[str, str]:
    return {"field": field, "code": "required", "detail": detail}


def _mail(kind: str, request: PrivacyRequest, *, at: datetime, to: str | None = None, **more: Any) -> None:
    recipient = request.email if to is None else to
    if recipient:
        context = {"request": request, "site_url": conf.site_url(), **more}
        outbox.enqueue(kind=kind, recipient=recipient, context=context, at=at, useful_for=MAIL_LIFE)
