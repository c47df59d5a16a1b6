"""What the mail provider reports about sent mail: bounces and complaints, at POST /mail/events.

django-anymail knows the formats and checks basic auth or signature; it lets everybody in when neither is set
up, so that is refused here.
"""

from __future__ import annotations

from typing import Any

from anymail.signals import EventType, RejectReason
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from accounts import conf, suppression
from accounts.models import SuppressionReason
from cutroom import clock

_VIEWS = {"ses": AmazonSESTrackingWebhookView, "sendgrid": SendGridTrackingWebhookView}
# SendGrid drops a mail to somebody who complained earlier, in these words.
_COMPLAINED_BEFORE = "spam reporting address"
_FOR_GOOD = frozenset({RejectReason.BOUNCED, RejectReason.INVALID})


@csrf_exempt
def receive(request: HttpRequest) -> HttpResponseBase:
    """A report of the provider in use. 404 for any other, and while nothing proves who reports."""
    view = _VIEWS.get(conf.mail_provider())
    if view is None or not conf.has_mail_webhook_secret():
        raise Http404
    answer: HttpResponseBase = view.as_view()(request)
    return answer


def note_event(sender: Any, event: Any, esp_name: str, **_: Any) -> None:
    """Receiver of anymail's `tracking` signal: suppress an address that mail cannot or must not go to."""
    reason = _reason(event)
    if reason is not None and event.recipient:
        suppression.suppress(event.recipient, reason=reason, provider=esp_name, at=clock.now())


def _reason(event: Any) -> SuppressionReason | None:
    raw = event.esp_event or {}
    if event.event_type == EventType.COMPLAINED or str(raw.get("reason", "")).lower() == _COMPLAINED_BEFORE:
        return SuppressionReason.COMPLAINED
    is_for_good = event.reject_reason in _FOR_GOOD or (
        # SendGrid's bounces carry no reason that anymail knows.
        event.event_type == EventType.BOUNCED and event.reject_reason is None
    )
    is_refused = event.event_type in (EventType.BOUNCED, EventType.REJECTED)
    return SuppressionReason.BOUNCED if is_refused and is_for_good and not _is_passing(raw) else None


def _is_passing(raw: dict[str, Any]) -> bool:
    """A full mailbox or a busy server, in the words of Amazon SES and of SendGrid."""
    is_transient = (raw.get("bounce") or {}).get("bounceType") in ("Transient", "Undetermined")
    return is_transient or raw.get("type") == "blocked"
