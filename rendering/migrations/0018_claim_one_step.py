"""A claim takes one step, whatever the planner does.

The step was chosen by a subquery with LIMIT 1 that the UPDATE joined. Where the planner took so few steps for
granted that it looked at each of them first, it ran the subquery anew for each, SKIP LOCKED passed over the one
that was just taken, and one claim took several. Only the first was worked on; the others waited for the
sweeper, which counted them as crashes of the worker.
"""

from importlib import import_module

from django.db import migrations

before = import_module("rendering.migrations.0006_fair_share").CREATE

TAKING, _, _ = before.partition("        RETURN QUERY\n")

CLAIM = """        SELECT ready.id INTO chosen
        FROM rendering_renderstep ready
        JOIN rendering_renderjob job ON job.id = ready.job_id
        WHERE ready.tenant_id = turn.tenant_id AND ready.state = 'ready' AND ready.kind = wanted
          AND coalesce(ready.not_before, ready.ready_at) <= clock_timestamp()
          AND job.state = 'running'
        ORDER BY job.created_at, ready.ordinal, ready.part
        FOR UPDATE OF ready SKIP LOCKED
        LIMIT 1;
        IF FOUND THEN
            RETURN QUERY
            UPDATE rendering_renderstep AS step
            SET state = 'running', attempt = step.attempt + 1, worker = worker_name,
                lease_until = clock_timestamp() + lease, started_at = clock_timestamp(), work_done = 0
            WHERE step.id = chosen
            RETURNING step.tenant_id, step.id, step.attempt;
            RETURN;
        END IF;
    END LOOP;
END
$$
"""

CREATE = "".join([TAKING.replace("    turn record;\n", "    turn record;\n    chosen uuid;\n"), CLAIM])


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("rendering", "0017_places_and_levels")]

    operations = [migrations.RunSQL(CREATE, before)]
