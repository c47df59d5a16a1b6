"""Consent: off until somebody agrees to a text, and over as easily; nothing optional happens without it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import OutboxMail, User
from gdpr.duties.models import Consent, Purpose

# A new wording asks everybody anew: a consent holds for the text it was given to.
TEXTS: dict[Purpose, str] = {
    Purpose.NEWS: (
        "Send me news about Cutroom by mail, at most once a month. I can stop this at any time on this page, "
        "or with one click in each of these mails."
    )
}


def is_given(user_id: UUID, purpose: Purpose) -> bool:
    """Has the person agreed to the text of today, and not taken that back? One query."""
    newest = Consent.objects.filter(user_id=user_id, purpose=purpose).order_by("-at").first()
    return newest is not None and newest.is_given and newest.text == TEXTS[purpose]


@transaction.atomic
def choose(user_id: UUID, purpose: Purpose, *, is_given: bool, channel: str, at: datetime) -> Consent:
    """Write down that a person agrees, or does not any more; mails that wait because of it are dropped."""
    if not is_given:
        addresses = User.objects.filter(pk=user_id).values("email")
        OutboxMail.objects.filter(kind=purpose.value, recipient__in=addresses, sent_at=None).delete()
    return Consent.objects.create(
        user_id=user_id, purpose=purpose, is_given=is_given, text=TEXTS[purpose], channel=channel, at=at
    )


def people_who_agreed(purpose: Purpose) -> list[User]:
    """Active people whose newest word on the text of today is yes."""
    newest = Consent.objects.filter(purpose=purpose).order_by("user_id", "-at").distinct("user_id")
    agreed = [row.user_id for row in newest if row.is_given and row.text == TEXTS[purpose]]
    return list(User.objects.filter(pk__in=agreed, is_active=True).order_by("pk"))
