"""Claims look at tenants first and at steps second, so a long queue of one tenant is no wall for another."""

from django.db import migrations, models

CREATE = """
CREATE OR REPLACE FUNCTION rendering_claim_step(wanted text, worker_name text, lease interval)
RETURNS TABLE (tenant_id uuid, step_id uuid, attempt integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    turn record;
BEGIN
    FOR turn IN
        WITH RECURSIVE waiting(tenant_id) AS (
            (SELECT tenant_id FROM rendering_renderstep
             WHERE state = 'ready' AND kind = wanted ORDER BY tenant_id LIMIT 1)
            UNION ALL
            SELECT (SELECT next.tenant_id FROM rendering_renderstep next
                    WHERE next.state = 'ready' AND next.kind = wanted AND next.tenant_id > waiting.tenant_id
                    ORDER BY next.tenant_id LIMIT 1)
            FROM waiting WHERE waiting.tenant_id IS NOT NULL
        ), busy AS (
            SELECT tenant_id, count(*) AS steps FROM rendering_renderstep
            WHERE state = 'running' GROUP BY tenant_id
        )
        SELECT waiting.tenant_id FROM waiting
        JOIN tenants_tenant tenant ON tenant.id = waiting.tenant_id AND tenant.state = 'active'
        LEFT JOIN busy ON busy.tenant_id = waiting.tenant_id
        CROSS JOIN LATERAL (
            SELECT max(priority) AS priority FROM rendering_renderjob job
            WHERE job.tenant_id = waiting.tenant_id AND job.state = 'running'
        ) job
        LEFT JOIN LATERAL (
            SELECT step.started_at FROM rendering_renderstep step
            WHERE step.tenant_id = waiting.tenant_id AND step.started_at IS NOT NULL
            ORDER BY step.started_at DESC LIMIT 1
        ) last ON true
        ORDER BY coalesce(busy.steps, 0)::float / (1 << coalesce(job.priority, 0)),
            (clock_timestamp() - last.started_at) * (1 << coalesce(job.priority, 0)) DESC NULLS FIRST
    LOOP
        RETURN QUERY
        UPDATE rendering_renderstep AS step
        SET state = 'running', attempt = step.attempt + 1, worker = worker_name,
            lease_until = clock_timestamp() + lease, started_at = clock_timestamp(), work_done = 0
        FROM (
            SELECT ready.id
            FROM rendering_renderstep ready
            JOIN rendering_renderjob job ON job.id = ready.job_id
            WHERE ready.tenant_id = turn.tenant_id AND ready.state = 'ready' AND ready.kind = wanted
              AND coalesce(ready.not_before, ready.ready_at) <= clock_timestamp()
              AND job.state = 'running'
            ORDER BY job.created_at, ready.ordinal, ready.part
            FOR UPDATE OF ready SKIP LOCKED
            LIMIT 1
        ) AS next
        WHERE step.id = next.id
        RETURNING step.tenant_id, step.id, step.attempt;
        IF FOUND THEN
            RETURN;
        END IF;
    END LOOP;
END
$$
"""


class Migration(migrations.Migration):
    """The tenant that has least at work comes first, by the weight of its plan; then whoever waited longest."""

    dependencies = [("rendering", "0005_job_trace")]

    operations = [
        migrations.RunSQL("DROP FUNCTION rendering_claim_step(text, text, interval)", migrations.RunSQL.noop),
        migrations.RunSQL(CREATE, migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="renderstep", name="step_ready"),
        migrations.AddIndex(
            model_name="renderstep",
            index=models.Index(
                fields=["kind", "tenant", "ordinal"], name="step_ready", condition=models.Q(state="ready")
            ),
        ),
        migrations.AddIndex(
            model_name="renderstep",
            index=models.Index(
                fields=["tenant", "-started_at"],
                name="step_by_turn",
                condition=models.Q(started_at__isnull=False),
            ),
        ),
        migrations.AddIndex(
            model_name="renderjob",
            index=models.Index(
                fields=["tenant", "state", "created_at"],
                name="render_waiting",
                condition=models.Q(state__in=["queued", "running"]),
            ),
        ),
    ]
