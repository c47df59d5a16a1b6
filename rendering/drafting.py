"""Scripts written about a topic by a provider. A worker asks it; the row says how it stands."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import F

from cutroom import clock, dispatch
from cutroom.errors import InvalidInput
from rendering import conf, outcomes, providers
from rendering.errors import NobodyWrites
from rendering.providers.calls import Errand
from rendering.providers.errors import ProviderError
from rendering.providers.models import DraftState, ScriptDraft
from tenants.context import tenant_context

logger = logging.getLogger(__name__)

# While one worker asks, nobody else does; a worker that dies leaves the draft to the next.
_LEASE = timedelta(seconds=90)
_DUE = """
SELECT tenant_id, id FROM rendering_scriptdraft
WHERE state = 'queued' AND not_before <= clock_timestamp() LIMIT 200
"""


def is_possible() -> bool:
    """Is there somebody who writes scripts?"""
    return bool(conf.providers("script"))


def ask(*, topic: str, language: str, scenes: int, user_id: UUID | None, at: datetime) -> ScriptDraft:
    """Have a script written. The work starts after commit. Raises NobodyWrites, InvalidInput."""
    if not is_possible():
        raise NobodyWrites
    if not topic.strip():
        detail = "Say in a few words what the video is about."
        raise InvalidInput(errors=[{"field": "topic", "code": "blank", "detail": detail}])
    draft = ScriptDraft.objects.create(
        topic=topic.strip(),
        language=language,
        scenes=scenes,
        not_before=at,
        created_at=at,
        created_by=user_id,
    )
    _ring(draft.tenant_id, draft.pk)
    return draft


def work(*, tenant_id: UUID, draft_id: UUID) -> None:
    """Ask the provider and write down what it said. Safe to repeat; calls outside any transaction."""
    draft = _claim(tenant_id, draft_id)
    if draft is None:
        return
    deadline = time.monotonic() + conf.provider_seconds()
    errand = Errand(tenant_id=tenant_id, key=draft.pk, deadline=deadline)
    request = providers.ScriptRequest(topic=draft.topic, language=draft.language, scenes=draft.scenes)
    try:
        title, script = _write(request, errand)
    except ProviderError as error:
        _after_failure(draft, error)
    else:
        _end(draft, state=DraftState.SUCCEEDED, title=title or draft.topic[:200], script=script)


def ring_for_due() -> int:
    """Ring for drafts whose doorbell was lost; returns how many. Looks as the ops role."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(_DUE)
        due = cursor.fetchall()
    for tenant_id, draft_id in due:
        dispatch.ring("rendering.write_script", tenant_id=str(tenant_id), draft_id=str(draft_id))
    return len(due)


def _claim(tenant_id: UUID, draft_id: UUID) -> ScriptDraft | None:
    at = clock.now()
    with tenant_context(tenant_id):
        due = ScriptDraft.objects.filter(pk=draft_id, state=DraftState.QUEUED, not_before__lte=at)
        if not due.update(not_before=at + _LEASE, tries=F("tries") + 1):
            return None
        return ScriptDraft.objects.get(pk=draft_id)


def _write(request: providers.ScriptRequest, errand: Errand) -> tuple[str, str]:
    writers = providers.scripts()
    for writer in writers[:-1]:
        try:
            return writer.write(request, errand=errand)
        except ProviderError as error:
            logger.warning("script_provider_failed", extra={"provider": writer.name, "code": error.code})
    return writers[-1].write(request, errand=errand)


def _after_failure(draft: ScriptDraft, error: ProviderError) -> None:
    wish = error.retry_after_seconds or 0.0
    may_help = error.retryable or wish > 0
    if not may_help or draft.tries >= conf.max_failures() or wish > conf.provider_patience_seconds():
        _end(draft, state=DraftState.FAILED, error=error.detail[:300])
        return
    base = conf.scaled_back_off(error.fault.retry_base_seconds)
    pause = timedelta(seconds=wish + outcomes.back_off_seconds(draft.tries, base_seconds=base))
    with tenant_context(draft.tenant_id):
        ScriptDraft.objects.filter(pk=draft.pk, tries=draft.tries).update(not_before=clock.now() + pause)
        _ring(draft.tenant_id, draft.pk, countdown=pause.total_seconds())


def _end(draft: ScriptDraft, **values: Any) -> None:
    """Only the worker that holds the present claim may write."""
    with tenant_context(draft.tenant_id):
        ScriptDraft.objects.filter(pk=draft.pk, tries=draft.tries, state=DraftState.QUEUED).update(**values)


def _ring(tenant_id: UUID, draft_id: UUID, *, countdown: float = 0.0) -> None:
    dispatch.after_commit(
        "rendering.write_script", countdown=countdown, tenant_id=str(tenant_id), draft_id=str(draft_id)
    )
