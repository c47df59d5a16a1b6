"""OpenTelemetry traces: one trace from the request through Celery to the steps of a render.

Without an exporter every call here is a no-op of the API. Spans carry routes, kinds and ids; no exception is
recorded with its text. https://www.w3.org/TR/trace-context/ says how a trace crosses processes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Link, Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from cutroom import conf
from cutroom.scrubbing import plain

HEADER = "traceparent"

_propagator = TraceContextTextMapPropagator()


def export(exporter: SpanExporter | None = None) -> TracerProvider:
    """Record spans from now on and send them in batches: by default to OTEL_EXPORTER_OTLP_ENDPOINT."""
    if exporter is None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": "cutroom"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider


def current() -> str:
    """The running span as a `traceparent` header; empty outside any trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(HEADER, "")


def id_of(parent: str) -> str:
    """The id of the trace that a `traceparent` header belongs to; empty for an empty or a broken one."""
    extracted = _propagator.extract({HEADER: parent}, Context())
    found = trace.get_current_span(extracted).get_span_context()
    return trace.format_trace_id(found.trace_id) if found.is_valid else ""


def url_of(trace_id: str) -> str:
    """Where people look at the trace of this id; empty where no such place was named."""
    return conf.trace_url().replace("{trace_id}", trace_id)


@contextmanager
def span(
    name: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: str | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Iterator[Span]:
    """A span around the block; attributes are ids, codes and numbers.

    `parent` is a traceparent to continue, "" to begin a new trace, None to stay in the running one. The span
    left behind by another parent is linked.
    """
    elsewhere = None if parent is None else _propagator.extract({HEADER: parent}, Context())
    links = [] if elsewhere is None else _links()
    tracer = trace.get_tracer("cutroom")
    with tracer.start_as_current_span(
        name,
        context=elsewhere,
        kind=kind,
        attributes=plain(attributes or {}),
        links=links,
        record_exception=False,
        set_status_on_exception=False,
    ) as running:
        try:
            yield running
        except BaseException as error:
            running.set_status(StatusCode.ERROR)
            running.set_attribute("error.type", type(error).__name__)
            raise


def _links() -> list[Link]:
    context = trace.get_current_span().get_span_context()
    return [Link(context)] if context.is_valid else []
