"""News by mail: only to people who agreed, and over with one click in the mail (RFC 8058)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.core import signing

from accounts import outbox
from accounts.models import User
from cutroom.errors import NotFound
from gdpr import conf
from gdpr.duties import consents
from gdpr.duties.models import Purpose

MAIL_LIFE = timedelta(days=3)
_SALT = "gdpr.news"


def send(*, subject: str, text: str, at: datetime) -> int:
    """Write the mail to everybody who agreed; how many. Whoever takes it back meanwhile gets none."""
    people = consents.people_who_agreed(Purpose.NEWS)
    for person in people:
        url = stop_url(person.pk)
        outbox.enqueue(
            kind=Purpose.NEWS.value,
            recipient=person.email,
            context={"subject": subject, "text": text, "stop_url": url},
            at=at,
            useful_for=MAIL_LIFE,
            unsubscribe_url=url,
        )
    return len(people)


def stop_url(user_id: UUID) -> str:
    """Where one click ends the news of a person, without signing in."""
    return f"{conf.site_url()}/privacy/stop-news?token={signing.dumps(str(user_id), salt=_SALT)}"


def stop(token: str, *, at: datetime) -> None:
    """Take a consent back by the link of a mail. Again: no harm. Raises NotFound for a forged one."""
    try:
        user_id = UUID(signing.loads(token, salt=_SALT))
    except (signing.BadSignature, ValueError) as error:
        raise NotFound("This link is not known. Sign in and choose on the account page.") from error
    if consents.is_given(user_id, Purpose.NEWS) and User.objects.filter(pk=user_id).exists():
        consents.choose(user_id, Purpose.NEWS, is_given=False, channel="link in a mail", at=at)
