"""Where one step is worked on: its row, its time, its scratch directory, and the store for what it made."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cutroom import clock
from cutroom.crash_points import crash_at
from rendering import conf
from rendering.choices import WhenUnavailable
from rendering.keys import EXTENSIONS, cache_storage_key, stand_in_key
from rendering.leases import Heartbeat
from rendering.media import host
from rendering.media.outputs import checksum
from rendering.media.specs import Spec
from rendering.models import RenderStep, StepKind
from rendering.outcomes import Result
from rendering.providers import chain
from rendering.providers.calls import Errand
from tenants import storage

# Kept back from the limit of a step, so that a stand-in can still be made when a provider used up its time.
RESERVE_SECONDS = 12.0
# How old a job may grow whose project would rather wait than take a stand-in.
WAIT_SECONDS = 24 * 3600.0


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One step being worked on: its row, its heartbeat and its scratch directory."""

    step: RenderStep
    heartbeat: Heartbeat
    directory: Path
    began: float = field(default_factory=time.monotonic)

    @property
    def inputs(self) -> dict[str, Any]:
        """What the step depends on."""
        inputs: dict[str, Any] = self.step.inputs
        return inputs

    @property
    def out_path(self) -> Path:
        """Where the step's main output is written before it is stored."""
        return self.directory / f"out.{EXTENSIONS[StepKind(self.step.kind)]}"

    @contextmanager
    def fetched(self, keys: Iterable[str]) -> Iterator[dict[str, str]]:
        """Local paths of stored files by their keys, for as long as the block lasts."""
        with storage.local_paths(keys, within=self.directory) as paths:
            yield {key: str(path) for key, path in paths.items()}

    def run(self, spec: Spec) -> dict[str, Any]:
        """Run a media operation in a child that dies with this worker, at the limit or on cancellation."""
        return host.run(
            spec,
            owner=str(self.step.job_id),
            timeout_seconds=max(1.0, self.began + conf.step_timeout_seconds() - time.monotonic()),
            cancel=self.heartbeat.lost,
            on_progress=self.heartbeat.note,
        )

    @property
    def errand(self) -> Errand:
        """What a provider is told about this step."""
        return Errand(
            tenant_id=self.step.tenant_id,
            key=self.step.pk,
            deadline=self.began + conf.step_timeout_seconds() - RESERVE_SECONDS,
            is_cancelled=self.heartbeat.lost.is_set,
        )

    @property
    def patience(self) -> chain.Patience:
        """How often this step may still fail, and how long its job may wait."""
        is_waiting = self.step.job.script.get("when_unavailable") == WhenUnavailable.WAIT
        most = WAIT_SECONDS if is_waiting else conf.provider_patience_seconds()
        age = (clock.now() - self.step.job.created_at).total_seconds()
        return chain.Patience(
            is_last_try=self.step.failures + 1 >= conf.max_failures(),
            is_waiting=is_waiting,
            left_seconds=max(0.0, most - age),
        )

    def start_over(self) -> None:
        """Forget what a failed provider left behind."""
        for path in self.directory.iterdir():
            if path.is_file():
                path.unlink()


def stored(bench: Bench, output: dict[str, Any], *, charges: dict[str, int], degraded: str = "") -> Result:
    """Store the step's file under its content key; a second store of the same bytes changes nothing.

    A stand-in has a key of its own: what is made of it must not be found where the right one is looked for.
    """
    step = bench.step
    content = stand_in_key(step.cache_key, degraded) if degraded else step.cache_key
    key = cache_storage_key(tenant_id=step.tenant_id, kind=step.kind, key=content)
    size_bytes = bench.out_path.stat().st_size
    facts = {"content": content, "storage_key": key, "checksum": checksum(bench.out_path)}
    crash_at("before-store")
    storage.store_file(key, bench.out_path)
    crash_at("after-store")
    return Result(
        output=facts | output,
        charges=charges,
        storage_key=key,
        size_bytes=size_bytes,
        degraded=degraded,
    )
