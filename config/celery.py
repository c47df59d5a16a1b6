"""Celery carries doorbells; the database decides (docs/architecture.md). Started by `celery -A config`."""

import os
import signal
from typing import Any

from celery import Celery, signals
from celery.fixups.django import DjangoWorkerFixup  # type: ignore[attr-defined]  # its stubs lack it

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("cutroom", task_cls="cutroom.worker:ObservedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _give_connections_back(_: DjangoWorkerFixup, sender: Any, **__: Any) -> None:
    """Around each task: to the pool, as after a request; one that broke is thrown away."""
    from django.db import close_old_connections

    if not sender.request.is_eager:
        close_old_connections()


# Celery would close the whole pool before and after each task. A new connection, and a server process that
# knows nothing yet, took 40 ms of every step. What a fork inherits it still closes (on_worker_process_init).
DjangoWorkerFixup.on_task_prerun = _give_connections_back
DjangoWorkerFixup.on_task_postrun = _give_connections_back


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
