"""Consent, requests and breaches. None of them belongs to one tenant."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gdpr import conf


class Purpose(models.TextChoices):
    """What is done only for those who agreed."""

    NEWS = "news", _("news about Cutroom by mail")


class Consent(models.Model):
    """Somebody agreed to a text, or took that back. Rows are never changed: the newest one holds."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=16, choices=Purpose)
    is_given = models.BooleanField()
    text = models.TextField()
    channel = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "purpose", "-at"], name="consent_newest_first")]

    def __str__(self) -> str:
        return f"{self.purpose} {'given' if self.is_given else 'withdrawn'}"


class RequestKind(models.TextChoices):
    """Rights of the GDPR that a person can call on, by article."""

    ACCESS = "access", _("see what is kept about me (article 15)")
    RECTIFICATION = "rectification", _("correct something (article 16)")
    ERASURE = "erasure", _("erase what is about me (article 17)")
    RESTRICTION = "restriction", _("stop using it for now (article 18)")
    PORTABILITY = "portability", _("take it elsewhere (article 20)")
    OBJECTION = "objection", _("object to a use of it (article 21)")


class RequestState(models.TextChoices):
    """A request of somebody without an account counts once its address is confirmed."""

    UNCONFIRMED = "unconfirmed", _("waits for its address to be confirmed")
    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")


class Outcome(models.TextChoices):
    """How a request ended."""

    FULFILLED = "fulfilled", _("fulfilled")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn by the person")


class PrivacyRequest(models.Model):
    """Somebody calls on a right. The clock runs from `received_at`; nothing is closed without an answer.

    It is of a person, with an account or without: the app sees those of one address, or the one of a token.
    """

    row_keys = ("email", "token_hash")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField()
    kind = models.CharField(max_length=16, choices=RequestKind)
    text = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=RequestState, default=RequestState.OPEN)
    token_hash = models.CharField(max_length=64, unique=True)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    extended_at = models.DateTimeField(null=True, blank=True)
    extension_reason = models.TextField(blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True)
    answer = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.UUIDField(null=True, blank=True)
    warned_percent = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="privacy_request_is_answered",
                condition=~Q(state=RequestState.CLOSED)
                | (~Q(outcome="") & ~Q(answer="") & Q(closed_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="privacy_request_extension_has_a_reason",
                condition=Q(extended_at=None) | ~Q(extension_reason=""),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="privacy_request_due", condition=~Q(state="closed")),
            models.Index(fields=["email", "-received_at"], name="privacy_request_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.received_at:%Y-%m-%d}"


class Breach(models.Model):
    """Personal data may have reached somebody it should not have (article 33). Kept also when not notified.

    `began_at` to `ended_at`, and whichever ids are known, tell which lines of the audit log it is about.
    """

    is_for_operators = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=120)
    detected_at = models.DateTimeField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    tenant_id = models.UUIDField(null=True, blank=True)
    user_id = models.UUIDField(null=True, blank=True)
    api_key_id = models.UUIDField(null=True, blank=True)
    session_id = models.UUIDField(null=True, blank=True)
    nature = models.TextField(blank=True)
    categories = models.TextField(blank=True)
    consequences = models.TextField(blank=True)
    measures = models.TextField(blank=True)
    affected_entries = models.PositiveIntegerField(default=0)
    affected_tenants = models.PositiveIntegerField(default=0)
    affected_people = models.PositiveIntegerField(default=0)
    computed_at = models.DateTimeField(null=True)
    authority_notified_at = models.DateTimeField(null=True, blank=True)
    people_notified_at = models.DateTimeField(null=True, blank=True)
    why_not_notified = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "breaches"
        indexes = [models.Index(fields=["-detected_at"], name="breach_newest_first")]

    def __str__(self) -> str:
        return self.title

    @property
    def notify_by(self) -> datetime:
        """Until then the authority has to know, unless nobody is at risk."""
        return self.detected_at + timedelta(hours=conf.breach_hours())

    @property
    def is_settled(self) -> bool:
        """Was the authority told, or written down why not?"""
        return bool(self.authority_notified_at or self.why_not_notified)
