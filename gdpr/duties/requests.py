"""Requests of people: received, confirmed, answered within a month, or extended with a reason and a notice.

The month is a calendar month (article 12(3)): the same day of the next one, or its last day.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any
from uuid import UUID

from accounts import outbox
from cutroom import sealing
from cutroom.errors import Conflict, InvalidInput, NotFound
from gdpr import conf
from gdpr.duties.models import Outcome, PrivacyRequest, RequestKind, RequestState
from tenants.context import row_key

FIRST, LONGEST = 1, 3
# Whoever does not confirm their address by then has to ask anew.
CONFIRM_WITHIN = timedelta(days=7)
WARN_PERCENTS = (50, 80, 100)
MAIL_LIFE = timedelta(days=3)
# For whoever answers them; the app role sees only those of the address it names.
EVERYBODYS = PrivacyRequest.objects.using("ops")


def receive(*, email: str, kind: RequestKind, text: str, is_known: bool, at: datetime) -> PrivacyRequest:
    """Take a request of a normalised address; it is confirmed by mail unless its owner is signed in.

    The clock runs from now on in either case.
    """
    token = sealing.new_token()
    with row_key(email):
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


def confirm(token: str, *, at: datetime) -> PrivacyRequest:
    """Confirm the address of a request by the mailed link. Again: no harm. Raises NotFound."""
    digest = sealing.digest(token)
    with row_key(digest):
        request = PrivacyRequest.objects.select_for_update().filter(token_hash=digest).first()
        if request is None:
            raise NotFound("This link is not known. Write to us again.")
        if request.state == RequestState.UNCONFIRMED:
            request.state = RequestState.OPEN
            request.save(update_fields=["state"])
            _mail("privacy_request_received", request, at=at)
    return request


def extend(request_id: UUID, *, reason: str, by: UUID | None, at: datetime) -> PrivacyRequest:
    """Take two months more, and say why by mail. Raises InvalidInput without one, Conflict later."""
    with _open(request_id) as request:
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


def close(request_id: UUID, *, outcome: str, answer: str, by: UUID | None, at: datetime) -> PrivacyRequest:
    """Answer a request by mail and close it. Raises InvalidInput without an outcome or an answer."""
    with _open(request_id) as request:
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
    with row_key(email):
        return list(PrivacyRequest.objects.filter(email=email).order_by("-received_at")[:20])


def watch(*, at: datetime) -> int:
    """Mail whoever answers for the data as the time runs out; forget what nobody confirmed."""
    unconfirmed = EVERYBODYS.filter(state=RequestState.UNCONFIRMED)
    unconfirmed.filter(received_at__lt=at - CONFIRM_WITHIN).delete()
    return sum(_warn(request, at=at) for request in EVERYBODYS.filter(state=RequestState.OPEN))


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


def _warn(request: PrivacyRequest, *, at: datetime) -> bool:
    """Mail that another share of the time is over, once."""
    passed = [percent for percent in WARN_PERCENTS if percent <= share_passed(request, at=at)]
    if not passed or passed[-1] <= request.warned_percent:
        return False
    with row_key(request.email):
        PrivacyRequest.objects.filter(pk=request.pk).update(warned_percent=passed[-1])
        _mail("privacy_request_due", request, at=at, to=controller_address(), percent=passed[-1])
    return True


def _longest(request: PrivacyRequest) -> datetime:
    return months_after(request.received_at, LONGEST)


@contextmanager
def _open(request_id: UUID) -> Iterator[PrivacyRequest]:
    """The request, locked until the end. The operator finds it among everybody's; the app then sees one."""
    email = EVERYBODYS.filter(pk=request_id).values_list("email", flat=True).first()
    if email is None:
        raise NotFound()
    with row_key(email):
        request = PrivacyRequest.objects.select_for_update().get(pk=request_id)
        if request.state == RequestState.CLOSED:
            raise Conflict("This request is closed.")
        yield request


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
