"""The moves of the ledger, third edition: the usual case writes each row once and without a savepoint.

Rows that almost always exist are updated, and inserted only where there was none to update: an upsert locks
its row first and writes that to the log, too. What does not fit under the limit takes the careful way of
migration 0006, which draws credits and can take back what it began.
"""

import re
from importlib import import_module

from django.db import migrations

second_edition = import_module("metering.migrations.0006_moves")

# Hold every amount under p_key within the limits, or none: then the last row is not admitted, nothing is held,
# and metering_hold_carefully has the last word. Arguments and rows are those of that function.
HOLD = """
CREATE FUNCTION metering_hold(
    p_tenant uuid, p_key text, p_meters text[], p_periods date[], p_amounts bigint[], p_limits bigint[],
    p_slacks integer[], p_at timestamptz, p_lease_until timestamptz, p_project uuid, p_user uuid
) RETURNS TABLE (
    meter text, is_admitted boolean, used bigint, held bigint, credited bigint, limit_amount bigint,
    slack integer, credits bigint
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    has_overrides boolean;
    has_credits boolean;
    ceiling bigint;
    own record;
    made bigint;
    all_made bigint[];
BEGIN
    is_admitted := true;
    credits := 0;
    SELECT EXISTS (SELECT FROM metering_limitoverride WHERE tenant_id = p_tenant AND ended_at IS NULL),
        EXISTS (SELECT FROM metering_creditlot WHERE tenant_id = p_tenant AND remaining > 0)
    INTO has_overrides, has_credits;
    FOR i IN 1 .. cardinality(p_meters) LOOP
        INSERT INTO metering_reservation (tenant_id, key, meter, period_start, amount_held, state,
            created_at, lease_until, project_id, user_id)
        VALUES (p_tenant, p_key, p_meters[i], p_periods[i], p_amounts[i], 'held',
            p_at, p_lease_until, p_project, p_user)
        ON CONFLICT (tenant_id, key, meter) DO NOTHING
        RETURNING id INTO made;
        CONTINUE WHEN made IS NULL;

        all_made := all_made || made;
        meter := p_meters[i];
        limit_amount := p_limits[i];
        slack := p_slacks[i];
        IF has_overrides THEN
            SELECT o.kind, o.limit_amount, o.slack_percent INTO own FROM metering_limitoverride AS o
            WHERE o.tenant_id = p_tenant AND o.meter = p_meters[i] AND o.ended_at IS NULL
                AND (o.expires_at IS NULL OR o.expires_at > p_at);
            IF FOUND THEN
                limit_amount := metering_limit(limit_amount, own.kind, own.limit_amount);
                slack := coalesce(own.slack_percent, slack);
            END IF;
        END IF;
        ceiling := CASE WHEN slack >= 0 THEN metering_hold.limit_amount END;

        UPDATE metering_quotacounter AS c SET held = c.held + p_amounts[i]
        WHERE c.tenant_id = p_tenant AND c.meter = p_meters[i] AND c.period_start = p_periods[i]
            AND (ceiling IS NULL OR c.used + c.held - c.credited + p_amounts[i] <= ceiling)
        RETURNING c.used, c.held, c.credited INTO used, held, credited;
        IF NOT FOUND THEN
            INSERT INTO metering_quotacounter AS c (tenant_id, meter, period_start, used, held)
            SELECT p_tenant, p_meters[i], p_periods[i], 0, p_amounts[i]
            WHERE ceiling IS NULL OR p_amounts[i] <= ceiling
            ON CONFLICT (tenant_id, meter, period_start) DO UPDATE SET held = c.held + excluded.held
            WHERE ceiling IS NULL OR c.used + c.held - c.credited + excluded.held <= ceiling
            RETURNING c.used, c.held, c.credited INTO used, held, credited;
        END IF;
        IF NOT FOUND THEN
            UPDATE metering_quotacounter AS c SET held = c.held - r.amount_held
            FROM metering_reservation AS r
            WHERE r.id = ANY (all_made) AND r.id <> made
                AND c.tenant_id = p_tenant AND c.meter = r.meter AND c.period_start = r.period_start;
            DELETE FROM metering_reservation WHERE id = ANY (all_made);
            is_admitted := false;
            RETURN NEXT;
            RETURN;
        END IF;
        IF has_credits THEN
            SELECT coalesce(sum(l.remaining), 0) INTO credits FROM metering_creditlot AS l
            WHERE l.tenant_id = p_tenant AND l.meter = p_meters[i] AND l.remaining > 0
                AND (l.expires_at IS NULL OR l.expires_at > p_at);
        END IF;
        RETURN NEXT;
    END LOOP;
END $$
"""

# As in migration 0006: one line, its sums and its counter, and what p_reservation holds is used up.
RECORD = """
CREATE FUNCTION metering_record(
    p_tenant uuid, p_key text, p_reservation text, p_meter text, p_amount bigint, p_period date, p_day date,
    p_at timestamptz, p_lease_until timestamptz, p_subject text, p_project uuid, p_user uuid, p_detail jsonb
) RETURNS TABLE (period_start date, grown bigint, taken bigint)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    reserved metering_reservation;
    used_up bigint := 0;
    for_project uuid := p_project;
    by_member uuid := p_user;
BEGIN
    period_start := p_period;
    IF p_reservation IS NOT NULL THEN
        SELECT * INTO reserved FROM metering_reservation
        WHERE tenant_id = p_tenant AND key = p_reservation AND meter = p_meter FOR UPDATE;
        period_start := coalesce(reserved.period_start, p_period);
        for_project := coalesce(p_project, reserved.project_id);
        by_member := coalesce(p_user, reserved.user_id);
    END IF;

    INSERT INTO metering_usageevent (tenant_id, key, meter, amount, period_start, at, subject,
        project_id, user_id, detail)
    VALUES (p_tenant, p_key, p_meter, p_amount, metering_record.period_start, p_at, p_subject,
        for_project, by_member, p_detail)
    ON CONFLICT (tenant_id, key) DO NOTHING;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    IF reserved.amount_held > 0 THEN
        used_up := least(reserved.amount_held, p_amount);
        UPDATE metering_reservation
        SET amount_held = amount_held - used_up, lease_until = greatest(lease_until, p_lease_until),
            state = CASE WHEN amount_held = used_up THEN 'settled' ELSE state END
        WHERE id = reserved.id;
    END IF;

    UPDATE metering_quotacounter AS c SET used = c.used + p_amount, held = c.held - used_up
    WHERE c.tenant_id = p_tenant AND c.meter = p_meter AND c.period_start = metering_record.period_start
    RETURNING c.used + c.held INTO taken;
    IF NOT FOUND THEN
        INSERT INTO metering_quotacounter AS c (tenant_id, meter, period_start, used, held)
        VALUES (p_tenant, p_meter, metering_record.period_start, p_amount, 0)
        ON CONFLICT (tenant_id, meter, period_start) DO UPDATE SET used = c.used + excluded.used
        RETURNING c.used + c.held INTO taken;
    END IF;

    -- From here on the counter is locked, so nobody else writes these sums.
    UPDATE metering_usagedaily AS d SET amount = d.amount + p_amount
    WHERE d.tenant_id = p_tenant AND d.meter = p_meter AND d.period_start = metering_record.period_start
        AND d.day = p_day;
    IF NOT FOUND THEN
        INSERT INTO metering_usagedaily (tenant_id, meter, period_start, day, amount)
        VALUES (p_tenant, p_meter, metering_record.period_start, p_day, p_amount);
    END IF;
    INSERT INTO metering_usageshare AS s (tenant_id, meter, period_start, kind, sharer_id, amount)
    VALUES (p_tenant, p_meter, metering_record.period_start, 'project', for_project, p_amount),
        (p_tenant, p_meter, metering_record.period_start, 'member', by_member, p_amount)
    ON CONFLICT (tenant_id, meter, period_start, kind, sharer_id)
    DO UPDATE SET amount = s.amount + excluded.amount;
    grown := p_amount - used_up;
    RETURN NEXT;
END $$
"""

# A function's name is also the label of its variables, so renaming it would not do.
HOLD_CAREFULLY = re.sub(r"\bmetering_hold\b", "metering_hold_carefully", second_edition.HOLD)

# Room for an update on its own page, so that no index is touched.
ROOM = [
    f"ALTER TABLE {table} SET (fillfactor = 70)" for table in ("metering_usagedaily", "metering_usageshare")
]
NO_ROOM = [
    f"ALTER TABLE {table} RESET (fillfactor)" for table in ("metering_usagedaily", "metering_usageshare")
]


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("metering", "0006_moves")]

    operations = [
        migrations.RunSQL(
            ["DROP FUNCTION metering_hold", HOLD_CAREFULLY, HOLD],
            ["DROP FUNCTION metering_hold, metering_hold_carefully", second_edition.HOLD],
        ),
        migrations.RunSQL(
            ["DROP FUNCTION metering_record", RECORD],
            ["DROP FUNCTION metering_record", second_edition.RECORD],
        ),
        migrations.RunSQL(ROOM, NO_ROOM),
    ]
