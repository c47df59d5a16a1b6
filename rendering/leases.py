"""Who may work on a step, and for how long: claim, heartbeat, fencing token. All by the database's clock."""

from __future__ import annotations

import logging
import os
import socket
import threading
from dataclasses import dataclass
from uuid import UUID

from django.db import DatabaseError, connection

from rendering import conf
from rendering.models import RenderStep
from tenants.context import tenant_context

logger = logging.getLogger(__name__)

CLAIM = "SELECT tenant_id, step_id, attempt FROM rendering_claim_step(%s, %s, make_interval(secs => %s))"

RENEW = """
UPDATE rendering_renderstep
SET lease_until = clock_timestamp() + make_interval(secs => %s), work_done = LEAST(%s, work)
WHERE id = %s AND attempt = %s AND state = 'running'
RETURNING job_id
"""

PROGRESS = """
UPDATE rendering_renderjob SET progress = GREATEST(progress, LEAST(99, (
    SELECT 100 * sum(CASE WHEN state = 'succeeded' THEN work ELSE work_done END)
    FROM rendering_renderstep WHERE job_id = %(job)s) / GREATEST(work_total, 1)))
WHERE id = %(job)s AND state = 'running'
"""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to work on one step. `attempt` is the fencing token: a later claim makes this one stale."""

    tenant_id: UUID
    step_id: UUID
    kind: str
    attempt: int


def worker_name() -> str:
    """This process, for people reading a job page."""
    return f"{socket.gethostname()}:{os.getpid()}"


def claim(kind: str) -> Claim | None:
    """Take the next ready step of a kind, fairest tenant first; None when there is nothing to do.

    The look across tenants happens in a SECURITY DEFINER function that returns ids only.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [kind, worker_name(), conf.lease_seconds()])
        row = cursor.fetchone()
    return Claim(tenant_id=row[0], step_id=row[1], kind=kind, attempt=row[2]) if row else None


def current_step(claim: Claim) -> RenderStep | None:
    """The claimed step, its row locked; None when the claim no longer holds. Call inside a transaction."""
    held = RenderStep.objects.select_for_update().filter(
        pk=claim.step_id, attempt=claim.attempt, state="running"
    )
    return held.first()


class Heartbeat(threading.Thread):
    """Renews a lease while its step runs, and sets `lost` when the claim is stale or the job was cancelled.

    `done` is updated by the step: how many units of its work are finished.
    """

    def __init__(self, claim: Claim) -> None:
        super().__init__(name=f"heartbeat-{claim.step_id}", daemon=True)
        self.claim = claim
        self.done = 0
        self.lost = threading.Event()
        self._stop_asked = threading.Event()

    def __enter__(self) -> Heartbeat:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop_asked.set()
        self.join()

    def note(self, done: int) -> None:
        """Remember progress; the next beat writes it."""
        self.done = done

    def run(self) -> None:
        """Beat until stopped. A silent database is not a lost lease: completion is fenced anyway."""
        try:
            while not self._stop_asked.wait(conf.heartbeat_seconds()):
                try:
                    is_held = renew(self.claim, work_done=self.done)
                except DatabaseError:
                    logger.warning("heartbeat_missed", extra={"step_id": self.claim.step_id}, exc_info=True)
                    connection.close()
                    continue
                if not is_held:
                    self.lost.set()
                    return
        finally:
            connection.close()


def renew(claim: Claim, *, work_done: int = 0) -> bool:
    """Prolong the lease and record progress; False when the claim is stale."""
    with tenant_context(claim.tenant_id), connection.cursor() as cursor:
        cursor.execute(RENEW, [conf.lease_seconds(), work_done, claim.step_id, claim.attempt])
        row = cursor.fetchone()
    if row is None:
        return False
    # Not in the same transaction: whoever ends a step locks the job first and then the step.
    with tenant_context(claim.tenant_id):
        record_progress(row[0])
    return True


def record_progress(job_id: UUID) -> None:
    """Bring the job's progress up to its steps; it never goes back, and only success makes it 100."""
    with connection.cursor() as cursor:
        cursor.execute(PROGRESS, {"job": job_id})
