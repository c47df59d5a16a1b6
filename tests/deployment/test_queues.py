"""Each task goes to the queue it belongs to, and what takes long stands before nobody."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings

from config.celery import app
from cutroom import dispatch, queues

app.autodiscover_tasks(force=True)
TASKS = sorted(name for name in app.tasks if not name.startswith("celery."))


@pytest.fixture
def broker() -> Iterator[Any]:
    """The Redis that messages wait in."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


def waiting(client: Any) -> list[tuple[str, str]]:
    """Queue and name of each task that waits."""
    found = [(queue, json.loads(message)) for queue in queues.ALL for message in client.lrange(queue, 0, -1)]
    return [(queue, message["headers"]["task"]) for queue, message in found]


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("accounts.deliver_mail", queues.MAIL),
        ("gdpr.make_exports", queues.LONG),
        ("gdpr.back_up", queues.LONG),
        ("rendering.sweep", queues.DEFAULT),
    ],
)
def test_a_task_waits_in_its_queue(task: str, queue: str, broker: Any) -> None:
    assert dispatch.ring(task)
    assert waiting(broker) == [(queue, task)]


def test_whatever_may_take_longer_than_a_step_is_in_the_queue_for_it() -> None:
    patient = {name for name in TASKS if (app.tasks[name].time_limit or 0) > settings.CELERY_TASK_TIME_LIMIT}
    assert patient == {name for name, route in queues.ROUTES.items() if route["queue"] == queues.LONG}


@pytest.mark.parametrize("name", TASKS)
def test_tasks_bear_arguments_of_another_release(name: str) -> None:
    """Old and new workers run side by side during a deployment: an argument more is not an error."""
    kinds = {parameter.kind for parameter in inspect.signature(app.tasks[name].run).parameters.values()}
    assert inspect.Parameter.VAR_KEYWORD in kinds
