"""Mail by Amazon SES and SendGrid, and what they report back."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core import mail as django_mail
from django.test import Client
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from pytest_django import Settings

from accounts import checks, outbox, suppression
from accounts.models import OutboxMail, SuppressionReason
from tests.accounts.conftest import NEWCOMER, ask

pytestmark = pytest.mark.django_db

EVENTS = "/mail/events"
SECRET = "reporter-of-the-provider:another-twenty-characters"


class SendGrid(BaseHTTPRequestHandler):
    """Takes mails as SendGrid's API v3 does."""

    taken: list[dict[str, Any]]

    def do_POST(self) -> None:  # the base class wants this name
        """Keep the mail, answer 202."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append({"path": self.path, **json.loads(body)})  # type: ignore[attr-defined]
        self.send_response(202)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def sendgrid(settings: Settings) -> Iterator[list[dict[str, Any]]]:
    """SendGrid in use; the mails it took."""
    server = HTTPServer(("127.0.0.1", 0), SendGrid)
    server.taken = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.EMAIL_BACKEND = "anymail.backends.sendgrid.EmailBackend"
    settings.ACCOUNTS_MAIL_PROVIDER = "sendgrid"
    address = f"http://127.0.0.1:{server.server_port}/v3/"
    keys = {"SENDGRID_API_KEY": "SG.test", "SENDGRID_API_URL": address}
    settings.ANYMAIL = {**settings.ANYMAIL, **keys, "WEBHOOK_SECRET": SECRET}
    yield server.taken  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ses(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Amazon SES in use, played by moto."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    settings.EMAIL_BACKEND = "anymail.backends.amazon_ses.EmailBackend"
    settings.ACCOUNTS_MAIL_PROVIDER = "ses"
    settings.ANYMAIL = {
        "AMAZON_SES_CLIENT_PARAMS": {"region_name": "eu-central-1"},
        "WEBHOOK_SECRET": SECRET,
    }
    with mock_aws():
        client = boto3.client("sesv2", region_name="eu-central-1")
        client.create_email_identity(EmailIdentity="cutroom.test")
        yield ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"]


def authorization(pair: str = SECRET) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


def report(client: Client, body: Any, **headers: str) -> int:
    """The status of an answer to a report with the secret."""
    extra: dict[str, Any] = {"HTTP_AUTHORIZATION": authorization(), **headers}
    return client.post(EVENTS, json.dumps(body), content_type="application/json", **extra).status_code


def test_sendgrid_gets_the_mail_whole_and_is_told_not_to_follow_clicks(
    sendgrid: list[dict[str, Any]],
) -> None:
    link = ask(NEWCOMER)
    assert outbox.deliver_due() == 1
    [taken] = sendgrid
    assert taken["path"] == "/v3/mail/send"
    assert taken["headers"]["List-Id"] == "Cutroom magic link <magic-link.testserver>"
    assert [part["type"] for part in taken["content"]] == ["text/plain", "text/html"]
    assert link.url in taken["content"][0]["value"]
    assert taken["tracking_settings"] == {
        "click_tracking": {"enable": False},
        "open_tracking": {"enable": False},
    }


def test_ses_gets_the_mail_whole(ses: Any) -> None:
    ask(NEWCOMER)
    assert outbox.deliver_due() == 1
    [message] = ses.sent_messages
    assert "List-Id: Cutroom magic link <magic-link.testserver>" in message.raw_data


def test_a_provider_that_does_not_answer_is_tried_again(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.sendgrid.EmailBackend"
    settings.ANYMAIL = {"SENDGRID_API_KEY": "SG.test", "SENDGRID_API_URL": "http://127.0.0.1:1/v3/"}
    ask(NEWCOMER)
    assert outbox.deliver_due() == 0
    assert OutboxMail.objects.get().error == "AnymailRequestsAPIError"


def drop(reason: str) -> list[dict[str, Any]]:
    """SendGrid's report of a mail it did not even try to deliver."""
    return [{"email": NEWCOMER, "event": "dropped", "reason": reason}]


def bounce(**changes: str) -> list[dict[str, Any]]:
    """SendGrid's report of a mail that came back."""
    return [{"email": NEWCOMER, "event": "bounce", "type": "bounce", "reason": "550 no such user", **changes}]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (bounce(), SuppressionReason.BOUNCED),
        (bounce(event="spamreport"), SuppressionReason.COMPLAINED),
        (drop("Bounced Address"), SuppressionReason.BOUNCED),
        (drop("Spam Reporting Address"), SuppressionReason.COMPLAINED),
        (drop("Invalid"), SuppressionReason.BOUNCED),
        (bounce(type="blocked"), None),
        (bounce(event="deferred"), None),
        (bounce(event="delivered"), None),
    ],
)
def test_sendgrids_reports(
    sendgrid: Any, client: Client, body: Any, reason: SuppressionReason | None
) -> None:
    assert report(client, body) == 200
    assert suppression.reason_for(NEWCOMER) == reason


def notification(kind: str, **more: Any) -> dict[str, Any]:
    """An SNS notification of an SES event."""
    recipients = {
        "bouncedRecipients": [{"emailAddress": NEWCOMER}],
        "complainedRecipients": [{"emailAddress": NEWCOMER}],
    }
    event = {
        "eventType": kind,
        "mail": {"messageId": "1", "timestamp": "2026-11-24T00:00:00.000Z", "destination": [NEWCOMER]},
        kind.lower(): {
            "timestamp": "2026-11-24T00:00:00.000Z",
            "bounceSubType": "General",
            **recipients,
            **more,
        },
    }
    return {"Type": "Notification", "MessageId": "1", "TopicArn": "arn", "Message": json.dumps(event)}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (notification("Bounce", bounceType="Permanent"), SuppressionReason.BOUNCED),
        (notification("Bounce", bounceType="Transient"), None),
        (notification("Complaint", complaintFeedbackType="abuse"), SuppressionReason.COMPLAINED),
    ],
)
def test_the_reports_of_ses(ses: Any, client: Client, body: Any, reason: SuppressionReason | None) -> None:
    headers = {"HTTP_X_AMZ_SNS_MESSAGE_TYPE": "Notification", "HTTP_X_AMZ_SNS_MESSAGE_ID": "1"}
    assert report(client, body, **headers) == 200
    assert suppression.reason_for(NEWCOMER) == reason


@pytest.mark.parametrize("given", ["", authorization("mallory:guess"), "Bearer x"])
def test_a_report_without_the_secret_is_refused(sendgrid: Any, client: Client, given: str) -> None:
    assert report(client, bounce(), HTTP_AUTHORIZATION=given) == 400
    assert suppression.reason_for(NEWCOMER) is None


@pytest.mark.parametrize("provider", ["smtp", "ses", "sendgrid"])
def test_without_a_secret_the_door_is_shut(client: Client, settings: Settings, provider: str) -> None:
    settings.ACCOUNTS_MAIL_PROVIDER = provider
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": ""}
    assert report(client, bounce()) == 404


def sign(body: str, key: ec.EllipticCurvePrivateKey, at: str) -> dict[str, str]:
    signature = key.sign((at + body).encode(), ec.ECDSA(hashes.SHA256()))
    return {
        "HTTP_X_TWILIO_EMAIL_EVENT_WEBHOOK_SIGNATURE": base64.b64encode(signature).decode(),
        "HTTP_X_TWILIO_EMAIL_EVENT_WEBHOOK_TIMESTAMP": at,
    }


@pytest.mark.parametrize(("is_ours", "status"), [(True, 200), (False, 400)])
def test_sendgrids_signature_is_enough_and_must_be_right(
    sendgrid: Any, client: Client, settings: Settings, is_ours: bool, status: int
) -> None:
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    public = base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    named = {"WEBHOOK_SECRET": "", "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": public.decode()}
    settings.ANYMAIL = {**settings.ANYMAIL, **named}
    headers = sign(json.dumps(bounce()), key if is_ours else other, "1763942400")
    assert report(client, bounce(), HTTP_AUTHORIZATION="", **headers) == status
    assert (suppression.reason_for(NEWCOMER) is not None) == is_ours


@pytest.mark.parametrize(
    ("provider", "secret", "problems"),
    [("smtp", "", []), ("ses", "", ["accounts.E007"]), ("sendgrid", SECRET, []), ("pigeon", SECRET, [])],
)
def test_r9_deployment_refuses_a_provider_whose_reports_nobody_proves(
    settings: Settings, provider: str, secret: str, problems: list[str]
) -> None:
    settings.ACCOUNTS_MAIL_PROVIDER = provider
    settings.ANYMAIL = {"WEBHOOK_SECRET": secret}
    assert [each.id for each in checks.bounces_are_believed_from_the_provider_only(None)] == problems


def test_an_unknown_provider_stops_the_start(settings: Settings) -> None:
    settings.ACCOUNTS_MAIL_PROVIDER = "pigeon"
    assert [each.id for each in checks.mail_provider_is_known(None)] == ["accounts.E006"]
    assert django_mail.outbox == []
