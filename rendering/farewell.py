"""A worker that is told to stop gives its running steps to others at once, instead of after their leases.

The pool process that had a step notices at its next heartbeat that the claim is stale, ends its media process
and is done; so Celery's warm shutdown, which waits for running tasks, waits seconds and not minutes.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Collection

from billiard.process import active_children
from django.db import connections

from rendering import outcomes
from rendering.leases import Claim

logger = logging.getLogger(__name__)

RUNNING = """
SELECT tenant_id, id, kind, attempt FROM rendering_renderstep
WHERE state = 'running' AND worker = ANY(%s)
"""
_EVERY_SECONDS = 1.0


def begin() -> threading.Thread:
    """Give back what this worker's processes do, until the worker ends. Returns at once.

    Called from a signal handler, which may have interrupted anything; hence the thread.
    """
    thread = threading.Thread(target=_until_the_end, name="farewell", daemon=True)
    thread.start()
    return thread


def hand_on(workers: Collection[str]) -> int:
    """Make the steps that `workers` (host:pid) are running ready for others; how many."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(RUNNING, [list(workers)])
        rows = cursor.fetchall()
    claims = [
        Claim(tenant_id=tenant_id, step_id=step_id, kind=kind, attempt=attempt)
        for tenant_id, step_id, kind, attempt in rows
    ]
    return sum(outcomes.hand_on(claim) for claim in claims)


def _until_the_end() -> None:
    # Again and again: a message that was already on its way may start one more step.
    while True:
        try:
            hand_on(_our_processes())
        except Exception:  # the worker ends anyway, and the leases with it
            logger.exception("steps_not_handed_on")
        time.sleep(_EVERY_SECONDS)


def _our_processes() -> list[str]:
    host = socket.gethostname()
    pids = [os.getpid(), *(process.pid for process in active_children())]
    return [f"{host}:{pid}" for pid in pids]
