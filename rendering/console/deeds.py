"""Deeds on render jobs: try again, cancel, put into quarantine; one or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from metering.meters import Meter
from rendering import services
from rendering.models import JobState, RenderJob
from tenants.console.deeds import Deed, Outcome, Target, Wish, deed


class JobDeed(Deed):
    """A deed on render jobs."""

    states: frozenset[str]

    def targets(self, ids: Sequence[UUID]) -> list[Target]:
        """The jobs of these ids, oldest first."""
        rows = RenderJob.everywhere.using("ops").select_related("tenant").defer("script").filter(pk__in=ids)
        return [self._target(row) for row in rows.order_by("created_at", "pk")]

    def after(self, request: HttpRequest, outcomes: Sequence[Outcome]) -> HttpResponse | None:
        """Many jobs: back to the list."""
        return HttpResponseRedirect(reverse("admin:jobs")) if len(outcomes) > 1 else None

    def _target(self, row: RenderJob) -> Target:
        return Target(
            tenant_id=row.tenant_id,
            kind="render",
            id=str(row.pk),
            label=f"{row.title}, {row.tenant.name}",
            url=reverse("admin:job", args=[row.pk]),
            refusal="" if row.state in self.states else f"It is {row.get_state_display()}.",
        )


def held_minutes(targets: Sequence[Target]) -> str:
    """What these jobs hold together, as people read it."""
    jobs = RenderJob.everywhere.using("ops").filter(pk__in=[each.id for each in targets])
    amounts = jobs.values_list("estimate__amounts", flat=True)
    held = sum(int((amount or {}).get(Meter.RENDER.value, 0)) for amount in amounts)
    return f"{Meter.RENDER.shown(held):g} render minutes"


@deed
class Retry(JobDeed):
    """Go on with jobs that failed or were cancelled."""

    name, title, button, done = "retry-job", "Try the render again", "Try again", "Tried again"
    states = frozenset({JobState.FAILED, JobState.CANCELLED})

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """What is held, and what is done again."""
        return [
            "Steps that are finished stay; the others get fresh tries.",
            f"{held_minutes(targets)} are held again, and charged only for what is new.",
        ]

    def perform(self, target: Target, wish: Wish) -> None:
        """Queue it."""
        services.retry(job=RenderJob.objects.get(pk=target.id), at=wish.at, is_operator=True)


@deed
class Cancel(JobDeed):
    """End jobs that wait or run."""

    name, title, button, done = "cancel-job", "Cancel the render", "Cancel the render", "Cancelled"
    states = frozenset({JobState.QUEUED, JobState.RUNNING})
    is_dangerous = True

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """What goes back."""
        return [
            "Running steps stop within two seconds.",
            f"{held_minutes(targets)} go back; nothing is charged. Members may try it again.",
        ]

    def perform(self, target: Target, wish: Wish) -> None:
        """End it."""
        services.cancel(job=RenderJob.objects.get(pk=target.id), at=wish.at)


@deed
class Quarantine(JobDeed):
    """Put jobs aside: failed, free of charge, and tried again by an operator only."""

    name, title, button, done = "quarantine-job", "Put into quarantine", "Quarantine", "In quarantine"
    states = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.FAILED})
    is_dangerous = True

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """What members see."""
        return [
            "It ends as failed, and running steps stop within two seconds.",
            f"{held_minutes(targets)} go back; nothing is charged.",
            "Members are told that an operator looks at it, and cannot try it again. You can.",
        ]

    def perform(self, target: Target, wish: Wish) -> None:
        """Put it aside."""
        services.quarantine(job=RenderJob.objects.get(pk=target.id), at=wish.at)
