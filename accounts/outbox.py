"""Mail that must not be lost: written with the deed, sent by a worker, tried again while it makes sense."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

from anymail.exceptions import AnymailRecipientsRefused
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string

from accounts import conf, mail_choices, suppression
from accounts.models import OutboxMail, SuppressionReason
from cutroom import clock, dispatch, sealing
from cutroom.crash_points import crash_at
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
    unsubscribe_url: str = "",
) -> None:
    """Put a mail into the outbox: templates {templates}/{kind}.{subject,txt,html}.

    The body is sealed, because it may carry a link that signs somebody in. It leaves right after commit and
    is retried until `useful_for` is over. A kind that the recipient does without is not written at all.
    """
    if mail_choices.is_unwanted(kind, address=recipient):
        return
    name = f"{templates}/{kind}"
    body: dict[str, str] = {part: render_to_string(f"{name}.{part}", context) for part in ("txt", "html")}
    body["unsubscribe_url"] = unsubscribe_url
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
    """Sent outside any transaction: a mail server may take its time."""
    if suppression.reason_for(mail.recipient):
        _give_up(mail, "suppressed")
        return False
    try:
        crash_at("mail-taken")
        message_of(mail).send()
        crash_at("mail-sent")
    except Exception as error:  # each mail library raises its own; a mail is tried again whatever it was
        if not _is_refused_for_good(error):
            _retry(mail, error)
            return False
        reason = SuppressionReason.BOUNCED
        suppression.suppress(mail.recipient, reason=reason, provider=conf.mail_provider(), at=clock.now())
        _give_up(mail, type(error).__name__)
        return False
    _note(mail, sent_at=clock.now(), error="", body_sealed=b"")
    return True


def message_of(mail: OutboxMail) -> EmailMultiAlternatives:
    """The mail as it leaves: text and HTML, and the headers that say a program wrote it.

    List-Id (RFC 2919) lets people sort our mails, Auto-Submitted (RFC 3834) keeps absence notes away.
    """
    body = json.loads(sealing.unseal(mail.body_sealed, key=conf.secret_key()))
    host = conf.site_host()
    headers = {
        "List-Id": f"Cutroom {mail.kind.replace('_', ' ')} <{mail.kind.replace('_', '-')}.{host}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Message-ID": f"<{mail.pk}.{mail.tries}@{host}>",
    }
    if url := body.get("unsubscribe_url"):
        # One click in the mail program, without a page (RFC 8058).
        headers |= {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    message = EmailMultiAlternatives(mail.subject, body["txt"], to=[mail.recipient], headers=headers)
    message.attach_alternative(body["html"], "text/html")
    return message


def _is_refused_for_good(error: Exception) -> bool:
    """Did the server say that there is no such mailbox? A reply of 5xx in RFC 5321 section 4.2.1."""
    refused = error.recipients.values() if isinstance(error, SMTPRecipientsRefused) else []
    return isinstance(error, AnymailRecipientsRefused) or any(code >= 500 for code, _ in refused)


def _give_up(mail: OutboxMail, why: str) -> None:
    """Not to be sent any more, and so not to be kept either."""
    _note(mail, error=why, give_up_at=clock.now(), body_sealed=b"")
    logger.warning("mail_given_up", extra={"mail": str(mail.pk), "kind": mail.kind, "error": why})


def _retry(mail: OutboxMail, error: Exception) -> None:
    name = type(error).__name__
    _note(mail, error=name, due_at=clock.now() + timedelta(seconds=min(300, 5 * 2**mail.tries)))
    logger.warning("mail_failed", extra={"mail": str(mail.pk), "kind": mail.kind, "error": name})


def _note(mail: OutboxMail, **fields: Any) -> None:
    """Write how it went; nothing, when its recipient was erased while it was on its way."""
    OutboxMail.objects.filter(pk=mail.pk).update(**fields)
