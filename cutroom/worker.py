"""What surrounds every Celery task: its name in the log, its place in a trace, a count of failures."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from celery import Task
from opentelemetry.trace import SpanKind
from prometheus_client import Counter

from cutroom import tracing
from cutroom.logs import log_context

TASKS_FAILED = Counter("cutroom_tasks_failed", "Tasks that ended with an error of ours.", ["task"])


class ObservedTask(Task):
    """The base class of all tasks."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task, seen by log, trace and metrics."""
        name = str(self.name)
        with log_context(task=name, task_id=str(self.request.id or "")), self._span(name):
            try:
                return super().__call__(*args, **kwargs)
            except Exception:
                TASKS_FAILED.labels(task=name).inc()
                raise

    def _span(self, name: str) -> AbstractContextManager[Any]:
        # What beat rings for belongs to nobody's trace.
        parent = self.request.get(tracing.HEADER) or (self.request.headers or {}).get(tracing.HEADER)
        return tracing.span(name, kind=SpanKind.CONSUMER, parent=parent) if parent else nullcontext()
