"""One trace from the request through Celery to every step; nothing personal in any span."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext
from rest_framework.test import APIClient

from config.celery import app
from cutroom import dispatch, tracing
from rendering.media import host
from rendering.models import Project, RenderJob, Scene
from tenants.context import tenant_context
from tests.cast import Cast, bearer

SCRIPT = "Nobody else may hear this."
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

_exporter = InMemorySpanExporter()


@pytest.fixture(scope="session", autouse=True)
def _provider() -> None:
    """OpenTelemetry lets a process choose its provider once."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(_exporter))
    trace.set_tracer_provider(provider)


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    _exporter.clear()
    yield _exporter
    _exporter.clear()


@pytest.fixture
def eager() -> Iterator[None]:
    """Messages are answered at once, in this process, with their headers."""
    app.loader.import_default_modules()
    app.conf.task_always_eager = True
    dispatch._breaker.closed_until = 0.0
    yield
    app.conf.task_always_eager = False
    host.stop_all()


@pytest.fixture
def alice(committed_cast: Cast) -> APIClient:
    with tenant_context(committed_cast.acme.pk):
        project = Project.objects.create(slug="secret", title="A secret title")
        Scene.objects.create(project=project, position=0, narration=SCRIPT)
    return bearer(committed_cast.alice, committed_cast.acme)


def trace_ids(spans: tuple[ReadableSpan, ...]) -> set[str]:
    return {format(context_of(span).trace_id, "032x") for span in spans}


def context_of(span: ReadableSpan) -> SpanContext:
    context = span.get_span_context()
    assert context is not None
    return context


@pytest.mark.committed
def test_one_trace_from_the_click_to_the_last_step(
    alice: APIClient, committed_cast: Cast, spans: InMemorySpanExporter, eager: None, media: Path
) -> None:
    answer = alice.post(
        "/api/v1/projects/secret/render/stitch",
        {"resolution": "720p", "fps": 24},
        headers={"traceparent": CALLER},
    )
    assert answer.status_code == 202
    with tenant_context(committed_cast.acme.pk):
        job = RenderJob.objects.get()
    assert job.state == "succeeded"
    finished = spans.get_finished_spans()
    names = {span.name for span in finished}
    assert {
        "POST api/v1/projects/<slug:slug>/render/stitch",
        "rendering.start_jobs",
        "rendering.run_step",
    } <= names
    assert {f"step {kind}" for kind in ("image", "narration", "segment", "sound", "stitch")} <= names
    assert trace_ids(finished) == {CALLER.split("-")[1]}
    text = json.dumps([json.loads(span.to_json()) for span in finished])
    assert str(job.pk) in text
    assert [secret for secret in (SCRIPT, "A secret title", "alice@acme.test") if secret in text] == []


def test_an_error_is_marked_without_its_text(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="hear"), tracing.span("work", attributes={"script": SCRIPT}):
        raise ValueError(SCRIPT)
    [span] = spans.get_finished_spans()
    assert not span.status.is_ok
    assert span.attributes == {"script": "[hidden]", "error.type": "ValueError"}
    assert SCRIPT not in span.to_json()


def test_a_doorbell_of_another_job_is_linked_and_not_mixed_up(spans: InMemorySpanExporter) -> None:
    with tracing.span("doorbell", parent=""), tracing.span("step image", parent=CALLER):
        pass
    step, doorbell = spans.get_finished_spans()
    assert trace_ids((step,)) == {CALLER.split("-")[1]}
    assert [link.context.trace_id for link in step.links] == [context_of(doorbell).trace_id]


def test_what_beat_rings_for_begins_no_trace(spans: InMemorySpanExporter, eager: None, db: None) -> None:
    app.tasks["metering.release_expired"].apply()
    assert spans.get_finished_spans() == ()
