"""Mail that must not be lost: written with the deed, sent by a worker, tried again while it makes sense."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string

from accounts import conf
from accounts.models import OutboxMail
from cutroom import clock, dispatch, sealing
from tenants import holding

logger = logging.getLogger(__name__)

# While a mail is being sent nobody else takes it; a worker that dies leaves it for the next.
_LEASE = timedelta(minutes=2)
_BATCH = 50


def enqueue(
    *,
    kind: str,
    recipient: str,
    context: dict[str, Any],
    at: datetime,
    useful_for: timedelta,
    templates: str = "emails/accounts",
) -> None:
    """Put a mail into the outbox: templates {templates}/{kind}.{subject,txt,html}.

    The body is sealed, because it may carry a link that signs somebody in. It leaves right after commit and
    is retried until `useful_for` is over.
    """
    name = f"{templates}/{kind}"
    body = {part: render_to_string(f"{name}.{part}", context) for part in ("txt", "html")}
    OutboxMail.objects.create(
        kind=kind,
        recipient=recipient,
        subject=render_to_string(f"{name}.subject", context).strip(),
        body_sealed=sealing.seal(json.dumps(body), key=conf.secret_key()),
        created_at=at,
        due_at=at,
        give_up_at=at + useful_for,
    )
    dispatch.after_commit("accounts.deliver_mail")


def deliver_due() -> int:
    """Send what is due; returns how many left. Any number of workers may do this at once."""
    if holding.is_held():
        return 0
    sent = 0
    for _ in range(_BATCH):
        mail = _take(at=clock.now())
        if mail is None:
            break
        sent += _send(mail)
    return sent


def _take(*, at: datetime) -> OutboxMail | None:
    with transaction.atomic():
        waiting = OutboxMail.objects.select_for_update(skip_locked=True)
        mail = waiting.filter(sent_at=None, due_at__lte=at, give_up_at__gt=at).order_by("due_at").first()
        if mail is not None:
            mail.due_at = at + _LEASE
            mail.tries += 1
            mail.save(update_fields=["due_at", "tries"])
    return mail


def _send(mail: OutboxMail) -> bool:
    """Sent outside any transaction: an SMTP server may take its time."""
    body = json.loads(sealing.unseal(mail.body_sealed, key=conf.secret_key()))
    message = EmailMultiAlternatives(mail.subject, body["txt"], to=[mail.recipient])
    message.attach_alternative(body["html"], "text/html")
    message.extra_headers["List-Id"] = f"Cutroom <{mail.kind}.cutroom>"
    message.extra_headers["Auto-Submitted"] = "auto-generated"
    try:
        message.send()
    except Exception as error:  # each mail library raises its own; a mail is tried again whatever it was
        _retry(mail, error)
        return False
    mail.sent_at, mail.error, mail.body_sealed = clock.now(), "", b""
    mail.save(update_fields=["sent_at", "error", "body_sealed"])
    return True


def _retry(mail: OutboxMail, error: Exception) -> None:
    mail.error = type(error).__name__
    mail.due_at = clock.now() + timedelta(seconds=min(300, 5 * 2**mail.tries))
    mail.save(update_fields=["due_at", "error"])
    logger.warning("mail_failed", extra={"mail": str(mail.pk), "kind": mail.kind, "error": mail.error})
