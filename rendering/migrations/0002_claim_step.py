"""The one look across tenants that a worker may take: it claims a step and returns ids only."""

from django.db import migrations

CREATE = """
CREATE FUNCTION rendering_claim_step(wanted text, worker_name text, lease interval)
RETURNS TABLE (tenant_id uuid, step_id uuid, attempt integer)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE rendering_renderstep AS step
    SET state = 'running', attempt = step.attempt + 1, worker = worker_name,
        lease_until = clock_timestamp() + lease, started_at = clock_timestamp(), work_done = 0
    FROM (
        SELECT ready.id
        FROM rendering_renderstep ready
        JOIN rendering_renderjob job ON job.id = ready.job_id
        JOIN tenants_tenant tenant ON tenant.id = ready.tenant_id
        WHERE ready.state = 'ready' AND ready.kind = wanted
          AND coalesce(ready.not_before, ready.ready_at) <= clock_timestamp()
          AND job.state IN ('queued', 'running') AND tenant.state = 'active'
        ORDER BY job.priority DESC,
            (SELECT count(*) FROM rendering_renderstep running
             WHERE running.tenant_id = ready.tenant_id AND running.state = 'running'),
            job.created_at, ready.ordinal, ready.part
        FOR UPDATE OF ready SKIP LOCKED
        LIMIT 1
    ) AS next
    WHERE step.id = next.id
    RETURNING step.tenant_id, step.id, step.attempt
$$
"""


class Migration(migrations.Migration):
    """A worker cannot name the tenant before it has the step, hence SECURITY DEFINER."""

    dependencies = [("rendering", "0001_initial")]

    operations = [
        migrations.RunSQL(CREATE, "DROP FUNCTION rendering_claim_step(text, text, interval)"),
    ]
