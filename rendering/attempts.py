"""Tries of a step that did not make its output: what an operator reads when a job will not end well.

A try that succeeds is told by the step itself, so the usual case writes nothing here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import TenantOwned

LONGEST_LOG = 4_000


class AttemptOutcome(models.TextChoices):
    """How a try ended."""

    FAILED = "failed", _("failed")
    CRASHED = "crashed", _("crashed")
    HANDED_ON = "handed-on", _("handed on")


class StepAttempt(TenantOwned):
    """One try of a step. `log` is the end of what the media process said, without anybody's text."""

    step = models.ForeignKey("rendering.RenderStep", on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=16, choices=AttemptOutcome)
    worker = models.CharField(max_length=120, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    log = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "step", "number"], name="step_attempt_once")]

    def __str__(self) -> str:
        return f"{self.number} of {self.step_id}: {self.outcome}"


def note(step: Any, outcome: AttemptOutcome, *, at: datetime, detail: str = "", log: str = "") -> None:
    """Remember how the present try of a locked step ended. `log` must hold no text of anybody's script."""
    attempt = StepAttempt(
        tenant_id=step.tenant_id,
        step=step,
        number=step.attempt,
        outcome=outcome,
        worker=step.worker,
        detail=detail[:500],
        log=log[-LONGEST_LOG:],
        started_at=step.started_at,
        ended_at=at,
    )
    StepAttempt.objects.bulk_create([attempt], ignore_conflicts=True)
