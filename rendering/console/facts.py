"""What the console's home page says of renders: three statements, however many jobs there are.

Paces come from the newest 500 of each kind, days from an index on when a job ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connections
from django.urls import reverse

from cutroom.console.board import Concern, Figure, Health, Part, Sheet, part
from cutroom.console.charts import Chart, Series, draw
from rendering.models import JobState, StepKind
from rendering.outcomes import QUARANTINES

DAYS = 14
# As the alert JobStuck says.
SILENT_MINUTES = 15
MOST_LISTED = 8
SUCCESS_GOAL = 99.0
RESTING = "resting"

KINDS = """
SELECT kind,
    (SELECT count(*) FROM rendering_renderstep WHERE state = 'ready' AND kind = k.kind
        AND coalesce(not_before, ready_at) <= %(at)s),
    (SELECT extract(epoch FROM %(at)s - min(greatest(ready_at, not_before))) FROM rendering_renderstep
        WHERE state = 'ready' AND kind = k.kind AND coalesce(not_before, ready_at) <= %(at)s),
    (SELECT count(*) FROM rendering_renderstep WHERE state = 'running' AND kind = k.kind),
    (SELECT count(*) FROM rendering_renderstep WHERE state = 'ready' AND failures > 0 AND kind = k.kind),
    (SELECT count(*) FROM rendering_renderstep WHERE degraded <> '' AND kind = k.kind
        AND finished_at > %(at)s - interval '1 hour'),
    (SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) FROM (
        SELECT seconds FROM rendering_renderstep WHERE kind = k.kind AND state = 'succeeded' AND NOT is_cached
        ORDER BY finished_at DESC LIMIT 500) newest)
FROM unnest(%(kinds)s::text[]) WITH ORDINALITY AS k (kind, place) ORDER BY place
"""

NEEDY = """
(SELECT job.id, job.title, tenant.name, job.state, NULL, NULL, moved.at, count(*) OVER ()
 FROM rendering_renderjob job JOIN tenants_tenant tenant ON tenant.id = job.tenant_id
 CROSS JOIN LATERAL (
     SELECT greatest(job.updated_at, max(greatest(ready_at, started_at, finished_at))) AS at
     FROM rendering_renderstep WHERE job_id = job.id) moved
 WHERE job.state IN ('queued', 'running') AND moved.at < %(silent)s ORDER BY moved.at LIMIT %(most)s)
UNION ALL
(SELECT job.id, job.title, tenant.name, job.state, job.error ->> 'kind', job.error ->> 'detail',
    job.finished_at, count(*) OVER ()
 FROM rendering_renderjob job JOIN tenants_tenant tenant ON tenant.id = job.tenant_id
 WHERE job.state = 'failed' AND job.finished_at > %(at)s - interval '7 days'
   AND job.error ->> 'code' = ANY(%(quarantines)s::text[]) ORDER BY job.finished_at DESC LIMIT %(most)s)
UNION ALL
SELECT NULL, name, '', 'resting', error_code, error, failed_at, 1 FROM rendering_providerstate
WHERE rests_until > %(at)s
"""

ENDED = """
SELECT now.*, ended.* FROM (
    SELECT count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE state = 'running'),
        (SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - started_at))
         FROM (SELECT started_at, finished_at FROM rendering_renderjob WHERE state = 'succeeded'
               ORDER BY finished_at DESC LIMIT 500) newest)
    FROM rendering_renderjob WHERE state IN ('queued', 'running')) now
LEFT JOIN (
    SELECT (finished_at AT TIME ZONE 'UTC')::date, state, count(*),
        count(*) FILTER (WHERE finished_at > %(at)s - interval '24 hours')
    FROM rendering_renderjob WHERE finished_at >= %(since)s GROUP BY 1, 2) ended ON true
"""

_SERIES = (Series(name="ready", kind="soft"), Series(name="failed", kind="hot"))


@part("renders")
def facts(at: datetime) -> Part:
    """Stuck and quarantined jobs, failing providers, queues, paces, and renders a day."""
    since = datetime.combine(at.astimezone(UTC).date() - timedelta(days=DAYS - 1), datetime.min.time(), UTC)
    kinds = _rows(KINDS, {"at": at, "kinds": [kind.value for kind in StepKind]})
    values = {"at": at, "silent": at - timedelta(minutes=SILENT_MINUTES), "quarantines": list(QUARANTINES)}
    needy = _rows(NEEDY, {**values, "most": MOST_LISTED})
    ended = _rows(ENDED, {"at": at, "since": since})
    return Part(
        concerns=[*_jobs(needy), *_providers(kinds)],
        figures={"work": list(_figures(kinds, ended))},
        charts=[_chart(ended, since.date())],
        sheets=[_paces(kinds)],
        health=[_providers_health(kinds)],
    )


def _jobs(rows: Sequence[tuple[Any, ...]]) -> Iterator[Concern]:
    listed = Counter(state in ("queued", "running") for _, _, _, state, *_ in rows)
    for job_id, title, tenant, state, kind, detail, since, count in rows:
        if state == RESTING:
            yield _resting(title, detail or kind, since)
            continue
        is_stuck = state in ("queued", "running")
        yield Concern(
            what="Job stuck" if is_stuck else "Job in quarantine",
            where=f"{title}, {tenant}",
            url=reverse("admin:job", args=[job_id]),
            why=f"{state}, no change since" if is_stuck else f"{kind or 'step'}: {detail}",
            since=since,
            area="jobs",
            runbook="job-stuck" if is_stuck else "workers-die",
        )
        if (more := count - listed[is_stuck]) > 0:
            listed[is_stuck] = count
            words = "more jobs are stuck" if is_stuck else "more jobs are in quarantine"
            url = reverse("admin:jobs") + ("?needs=stuck" if is_stuck else "?needs=quarantine")
            yield Concern(what="And more", where=f"{more} {words}", url=url, since=since, area="jobs")


def _resting(name: str, error: str, since: datetime | None) -> Concern:
    return Concern(
        what="Provider resting",
        where=name,
        url=f"{reverse('admin:jobs')}?needs=degraded",
        why=f"its circuit is open: {error or 'no cause was kept'}",
        since=since,
        is_grave=False,
        area="jobs",
        runbook="steps-fail",
    )


def _providers(kinds: Sequence[tuple[Any, ...]]) -> Iterator[Concern]:
    for kind, _, _, _, retrying, degraded, _ in kinds:
        if kind in (StepKind.IMAGE, StepKind.NARRATION) and (retrying or degraded):
            yield Concern(
                what=f"{kind.capitalize()} provider failing",
                where=f"{degraded} steps degraded in the last hour, {retrying} being tried again",
                url=reverse("admin:jobs") + "?needs=degraded",
                why="the built-in stand-in takes over where it can",
                is_grave=False,
                area="jobs",
                runbook="steps-fail",
            )


def _providers_health(kinds: Sequence[tuple[Any, ...]]) -> Health:
    tried = sum(row[4] for row in kinds)
    return Health(name="Providers", is_ok=not tried, note=f"{tried} steps are tried again" if tried else "")


def _figures(kinds: Sequence[tuple[Any, ...]], ended: Sequence[tuple[Any, ...]]) -> Iterator[Figure]:
    jobs = reverse("admin:jobs")
    day: Counter[str] = Counter()
    for *_, state, _, of_day in ended:
        day[state or ""] += of_day or 0
    queued, running, pace = ended[0][:3]
    judged = day[JobState.SUCCEEDED] + day[JobState.FAILED]
    yield Figure(
        title="Renders", value=f"{judged:,}", note=f"{day[JobState.SUCCEEDED]:,} ready", url=f"{jobs}?ended=1"
    )
    share = f"{100 * day[JobState.SUCCEEDED] / judged:.1f}%" if judged else "none"
    yield Figure(title="Success", value=share, note=f"goal {SUCCESS_GOAL:g}%", url=f"{jobs}?state=failed")
    yield Figure(title="p95 render", value=_clock(pace), note="of the last 500")
    waiting = sum(row[1] for row in kinds)
    oldest = max((float(row[2]) for row in kinds if row[2] is not None), default=None)
    age = f"oldest {_clock(oldest)}" if oldest is not None else "nothing waits"
    yield Figure(title="Queue", value=f"{waiting:,}", note=f"steps, {age}", url=f"{jobs}?state=running")
    steps = sum(row[3] for row in kinds)
    yield Figure(title="At work", value=f"{steps:,}", note=f"steps of {running:,} jobs, {queued:,} queued")


def _chart(ended: Sequence[tuple[Any, ...]], first: date) -> Chart:
    counts = {(day, state): count for *_, day, state, count, _ in ended}
    days = [first + timedelta(days=number) for number in range(DAYS)]
    states = (JobState.SUCCEEDED.value, JobState.FAILED.value)
    return draw(
        title="Renders a day",
        unit="",
        series=_SERIES,
        days=[(day, [counts.get((day, state), 0) for state in states]) for day in days],
    )


def _paces(kinds: Sequence[tuple[Any, ...]]) -> Sheet:
    rows = [
        {"kind": kind, "ready": ready, "oldest": oldest, "running": running, "pace": pace}
        for kind, ready, oldest, running, _, _, pace in kinds
    ]
    return Sheet(template="rendering/console/_paces.html", context={"rows": rows})


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    whole = round(float(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connections["ops"].cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
