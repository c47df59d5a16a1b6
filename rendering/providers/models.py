"""Tables about those who make things outside: whether they answer, what was asked of them, and its price."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import TenantOwned


class ProviderState(models.Model):
    """How one provider is doing; the circuit breaker that all workers share. `rests_until` set: it is open.

    Nobody's: it says nothing about any tenant.
    """

    name = models.CharField(max_length=40, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    rests = models.PositiveIntegerField(default=0)
    rests_until = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=300, blank=True)
    failed_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class CallState(models.TextChoices):
    """What is known of a call. An open one may have been answered, and paid, without our hearing of it."""

    OPEN = "open", _("open")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")


class ProviderCall(TenantOwned):
    """One piece of work asked of a provider, however often it was tried. `id` is the idempotency key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.CharField(max_length=40)
    state = models.CharField(max_length=16, choices=CallState, default=CallState.OPEN)
    tries = models.PositiveIntegerField(default=1)
    cost_micros = models.PositiveBigIntegerField(default=0)
    request_id = models.CharField(max_length=120, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    seconds = models.FloatField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "-created_at"], name="provider_call_by_age")]

    def __str__(self) -> str:
        return f"{self.provider} ({self.state})"


class ProviderSpend(TenantOwned):
    """What a tenant had made outside in a month: calls, and their price in millionths of a US dollar."""

    month = models.DateField()
    calls = models.PositiveIntegerField(default=0)
    cost_micros = models.PositiveBigIntegerField(default=0)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "month"], name="provider_spend_once")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: {self.calls}"


class DraftState(models.TextChoices):
    """Life of a script that is being written."""

    QUEUED = "queued", _("queued")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")


class ScriptDraft(TenantOwned):
    """A topic somebody gave, and the script that was written about it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    topic = models.CharField(max_length=500)
    language = models.CharField(max_length=16, default="en")
    scenes = models.PositiveSmallIntegerField(default=6)
    state = models.CharField(max_length=16, choices=DraftState, default=DraftState.QUEUED)
    title = models.CharField(max_length=200, blank=True)
    script = models.TextField(blank=True)
    error = models.CharField(max_length=300, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="script_draft_by_age"),
            models.Index(fields=["not_before"], name="script_draft_due", condition=models.Q(state="queued")),
        ]

    def __str__(self) -> str:
        return self.topic
