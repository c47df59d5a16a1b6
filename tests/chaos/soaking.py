"""A soak: renders keep coming while faults strike at random, all drawn from one seed that can be replayed."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import redis
from django.conf import settings

from cutroom import clock
from rendering import services, sweeper
from rendering.errors import RenderFinished
from rendering.models import Project, RenderJob, Scene
from tenants.context import tenant_context
from tests.chaos.holding import media_below
from tests.chaos.proxy import Proxy
from tests.workers import WorkerGroup, fresh

WORDS = ["Ebbe", "Flut", "Mond", "Mühle", "Wehr", "Rad", "Korn", "Watt"]
MOST_OPEN_JOBS = 6
# Points at which a worker dies or sleeps; each may be armed at any moment.
POINTS = (
    "after-claim",
    "before-store",
    "after-store",
    "video-half-stored",
    "before-step-write",
    "after-step-write",
    "before-job-commit",
    "after-step-commit",
)


@dataclass
class Soak:
    """What runs, what was drawn, and what was seen."""

    seed: int
    projects: list[Project]
    database: Proxy
    redis: Proxy
    crash_points: Path
    start_worker: Callable[[], WorkerGroup]
    random: random.Random = field(init=False)
    workers: list[WorkerGroup] = field(default_factory=list)
    jobs: list[RenderJob] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.workers = [self.start_worker() for _ in range(2)]

    def run(self, *, seconds: float) -> None:
        """Submit, strike and sweep until the time is over; then let everything end."""
        ends = time.monotonic() + seconds
        strike_at = time.monotonic() + 5
        while time.monotonic() < ends:
            self.submit()
            if time.monotonic() > strike_at:
                self.strike()
                strike_at = time.monotonic() + self.random.uniform(1, 4)
            sweeper.sweep()
            self.restart_the_dead()
            time.sleep(0.5)
        self.heal()

    def submit(self) -> None:
        """One more render, unless enough are open; some of known words, some of new ones."""
        if sum(not fresh(job).is_final for job in self.jobs[-3 * MOST_OPEN_JOBS :]) >= MOST_OPEN_JOBS:
            return
        project = self.random.choice(self.projects)
        with tenant_context(project.tenant_id):
            for scene in Scene.objects.filter(project=project):
                scene.narration = f"{self.random.choice(WORDS)} und {self.random.choice(WORDS)}."
                scene.save(update_fields=["narration"])
            quality = self.random.choice(["draft", "draft", "final"])
            job = services.submit(
                project=project, resolution="720p", fps=24, quality=quality, user_id=None, at=clock.now()
            )
        self.jobs.append(job)

    def strike(self) -> None:
        """One fault, drawn."""
        faults = [
            self.kill_a_pool_process,
            self.kill_a_worker,
            self.kill_a_media_process,
            self.stop_a_pool_process,
            self.arm_a_crash,
            self.empty_redis,
            self.break_redis,
            self.stall_redis,
            self.break_the_database,
            self.lose_a_commit,
            self.cancel_a_job,
        ]
        fault = self.random.choice(faults)
        self.struck[fault.__name__] += 1
        print(f"{time.strftime('%H:%M:%S')} {fault.__name__}", flush=True)
        fault()

    def kill_a_pool_process(self) -> None:
        """kill -9 of a process that runs steps."""
        _signal(self._pool_process(), signal.SIGKILL)

    def kill_a_worker(self) -> None:
        """kill -9 of a whole worker."""
        self.random.choice(self.workers).process.kill()

    def kill_a_media_process(self) -> None:
        """The out-of-memory killer takes the largest."""
        pool = self._pool_process()
        for process in media_below(pool.pid)[-1:] if pool else []:
            _signal(process, signal.SIGKILL)

    def stop_a_pool_process(self) -> None:
        """It sleeps through its lease, and wakes up with a result nobody wants any more."""
        process = self._pool_process()
        _signal(process, signal.SIGSTOP)
        time.sleep(self.random.uniform(1, 4))
        _signal(process, signal.SIGCONT)

    def arm_a_crash(self) -> None:
        """Somebody will die between two writes."""
        (self.crash_points / self.random.choice(POINTS)).touch()

    def empty_redis(self) -> None:
        """FLUSHALL."""
        redis.from_url(settings.REDIS_URL).flushall()

    def break_redis(self) -> None:
        """Every connection to Redis is reset."""
        self.redis.reset()

    def stall_redis(self) -> None:
        """Redis takes bytes and says nothing."""
        self.redis.stall()
        time.sleep(self.random.uniform(0.5, 3))
        self.redis.flow()

    def break_the_database(self) -> None:
        """Every connection of the workers to PostgreSQL is reset."""
        self.database.reset()

    def lose_a_commit(self) -> None:
        """The answer to somebody's next COMMIT is lost."""
        self.database.cut_reply_to = b"COMMIT"

    def cancel_a_job(self) -> None:
        """A person changes their mind."""
        open_jobs = [job for job in self.jobs[-MOST_OPEN_JOBS:] if not fresh(job).is_final]
        if open_jobs:
            job = self.random.choice(open_jobs)
            with tenant_context(job.tenant_id), suppress(RenderFinished):
                services.cancel(job=job, at=clock.now())

    def restart_the_dead(self) -> None:
        """What the supervisor does."""
        for worker in self.workers:
            worker.revive()

    def heal(self) -> None:
        """No more faults."""
        for path in self.crash_points.iterdir():
            path.unlink()
        self.database.cut_reply_to = None
        self.redis.flow()
        self.restart_the_dead()

    def stop(self) -> None:
        """The end of the workers."""
        for worker in self.workers:
            worker.stop()

    def _pool_process(self) -> psutil.Process | None:
        worker = self.random.choice(self.workers)
        with suppress(psutil.NoSuchProcess):
            pool = psutil.Process(worker.process.pid).children()
            return pool[0] if pool else None
        return None


def _signal(process: psutil.Process | None, signum: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        if process is not None:
            process.send_signal(signum)
