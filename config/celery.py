"""Celery carries doorbells; the database decides (docs/architecture.md). Started by `celery -A config`."""

import os
import signal
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("cutroom", task_cls="cutroom.worker:ObservedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.celeryd_init.connect
@signals.beat_init.connect
def start_safely(**_: Any) -> None:
    """A worker and beat refuse to start where the web would."""
    from cutroom.boot import refuse_unsafe

    refuse_unsafe()


@signals.worker_ready.connect
def answer_probes(sender: Any, **_: Any) -> None:
    """Tell whoever asks that the worker is alive, and Prometheus what its processes counted."""
    from cutroom import conf, worker_probe

    if port := conf.worker_port():
        pulse = worker_probe.Pulse()
        sender.timer.call_repeatedly(worker_probe.BEAT_SECONDS, pulse.beat)
        worker_probe.serve(port, pulse=pulse)


@signals.worker_process_init.connect
def die_with_the_worker(**_: Any) -> None:
    """A pool process must not outlive a killed worker: it would go on with a step nobody watches."""
    from cutroom.embedded.processes import die_with_parent

    die_with_parent(signal.SIGKILL, parent=os.getppid())
