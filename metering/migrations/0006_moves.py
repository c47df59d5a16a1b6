"""The moves of the ledger, second edition: overrides, slack and credits decide, shares are summed.

Counters are locked first, then lots in the order of their ids, then draws: everybody in one order, so nobody
deadlocks. Credits are looked at only by work that the limit itself does not admit.
"""

from importlib import import_module

from django.db import migrations

first_edition = import_module("metering.migrations.0002_ledger")

# The limit in force where a plan grants p_plan and an override says p_kind p_amount; null is unlimited.
LIMIT = """
CREATE FUNCTION metering_limit(p_plan bigint, p_kind text, p_amount bigint)
RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN p_kind IS NULL THEN p_plan
        WHEN p_kind = 'exactly' THEN p_amount
        WHEN p_plan IS NULL OR p_amount IS NULL THEN NULL
        ELSE greatest(p_plan, p_amount)
    END
$$
"""

# Hold what the limit does not admit: the rest of the plan's room, then credits, soonest expiry first, then
# p_slack percent above the limit. Where that is not enough, the caller must roll back what was drawn.
HOLD_BEYOND = """
CREATE FUNCTION metering_hold_beyond(
    p_tenant uuid, p_meter text, p_period date, p_amount bigint, p_limit bigint, p_slack integer,
    p_at timestamptz, OUT is_admitted boolean, OUT used bigint, OUT held bigint, OUT credited bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    by_plan bigint;
    missing bigint;
    part bigint;
    lot record;
BEGIN
    INSERT INTO metering_quotacounter (tenant_id, meter, period_start, used, held)
    VALUES (p_tenant, p_meter, p_period, 0, 0) ON CONFLICT (tenant_id, meter, period_start) DO NOTHING;
    SELECT c.used + c.held - c.credited INTO by_plan FROM metering_quotacounter AS c
    WHERE c.tenant_id = p_tenant AND c.meter = p_meter AND c.period_start = p_period FOR UPDATE;
    missing := greatest(p_amount - greatest(p_limit - by_plan, 0), 0);

    PERFORM 1 FROM metering_creditlot
    WHERE tenant_id = p_tenant AND meter = p_meter AND remaining > 0 ORDER BY id FOR UPDATE;
    FOR lot IN
        SELECT id, remaining FROM metering_creditlot
        WHERE tenant_id = p_tenant AND meter = p_meter AND remaining > 0
            AND (expires_at IS NULL OR expires_at > p_at)
        ORDER BY expires_at NULLS LAST, id
    LOOP
        EXIT WHEN missing = 0;
        part := least(lot.remaining, missing);
        UPDATE metering_creditlot SET remaining = remaining - part WHERE id = lot.id;
        INSERT INTO metering_creditdraw AS d (tenant_id, lot_id, meter, period_start, amount)
        VALUES (p_tenant, lot.id, p_meter, p_period, part)
        ON CONFLICT (tenant_id, meter, period_start, lot_id) DO UPDATE SET amount = d.amount + excluded.amount;
        missing := missing - part;
    END LOOP;

    part := greatest(p_amount - greatest(p_limit - by_plan, 0), 0) - missing;
    is_admitted := missing = 0 OR by_plan + p_amount - part <= p_limit + p_limit * p_slack / 100;
    UPDATE metering_quotacounter AS c SET held = c.held + p_amount, credited = c.credited + part
    WHERE is_admitted AND c.tenant_id = p_tenant AND c.meter = p_meter AND c.period_start = p_period
    RETURNING c.used, c.held, c.credited INTO used, held, credited;
END $$
"""

# Hold every amount under p_key, or none. Meters that the key reserved before are left out. A p_slack is the
# percentage above the limit that is still admitted; below zero the limit is only tried out. Answers with the
# counters as they stand, the limit in force and what is left of credits; when one has no room, the last row
# says so and nothing was written.
HOLD = """
CREATE FUNCTION metering_hold(
    p_tenant uuid, p_key text, p_meters text[], p_periods date[], p_amounts bigint[], p_limits bigint[],
    p_slacks integer[], p_at timestamptz, p_lease_until timestamptz, p_project uuid, p_user uuid
) RETURNS TABLE (
    meter text, is_admitted boolean, used bigint, held bigint, credited bigint, limit_amount bigint,
    slack integer, credits bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    at_meter integer;
    ceiling bigint;
    own record;
BEGIN
    is_admitted := true;
    FOR i IN 1 .. cardinality(p_meters) LOOP
        INSERT INTO metering_reservation (tenant_id, key, meter, period_start, amount_held, state,
            created_at, lease_until, project_id, user_id)
        VALUES (p_tenant, p_key, p_meters[i], p_periods[i], p_amounts[i], 'held',
            p_at, p_lease_until, p_project, p_user)
        ON CONFLICT (tenant_id, key, meter) DO NOTHING;
        CONTINUE WHEN NOT FOUND;

        at_meter := i;
        meter := p_meters[i];
        limit_amount := p_limits[i];
        slack := p_slacks[i];
        SELECT o.kind, o.limit_amount, o.slack_percent INTO own FROM metering_limitoverride AS o
        WHERE o.tenant_id = p_tenant AND o.meter = p_meters[i] AND o.ended_at IS NULL
            AND (o.expires_at IS NULL OR o.expires_at > p_at);
        IF FOUND THEN
            limit_amount := metering_limit(limit_amount, own.kind, own.limit_amount);
            slack := coalesce(own.slack_percent, slack);
        END IF;
        ceiling := CASE WHEN slack >= 0 THEN metering_hold.limit_amount END;

        INSERT INTO metering_quotacounter AS c (tenant_id, meter, period_start, used, held)
        SELECT p_tenant, p_meters[i], p_periods[i], 0, p_amounts[i]
        WHERE ceiling IS NULL OR p_amounts[i] <= ceiling
        ON CONFLICT (tenant_id, meter, period_start) DO UPDATE SET held = c.held + excluded.held
        WHERE ceiling IS NULL OR c.used + c.held - c.credited + excluded.held <= ceiling
        RETURNING c.used, c.held, c.credited INTO used, held, credited;
        IF NOT FOUND THEN
            SELECT b.is_admitted, b.used, b.held, b.credited INTO is_admitted, used, held, credited
            FROM metering_hold_beyond(
                p_tenant, p_meters[i], p_periods[i], p_amounts[i], ceiling, metering_hold.slack, p_at
            ) AS b;
            IF NOT metering_hold.is_admitted THEN
                RAISE SQLSTATE 'QU402';
            END IF;
        END IF;
        SELECT coalesce(sum(l.remaining), 0) INTO credits FROM metering_creditlot AS l
        WHERE l.tenant_id = p_tenant AND l.meter = p_meters[i] AND l.remaining > 0
            AND (l.expires_at IS NULL OR l.expires_at > p_at);
        RETURN NEXT;
    END LOOP;
EXCEPTION WHEN SQLSTATE 'QU402' THEN
    -- The writes above are rolled back by now, the variables are not.
    SELECT coalesce(max(c.used), 0), coalesce(max(c.held), 0), coalesce(max(c.credited), 0)
    INTO used, held, credited FROM metering_quotacounter AS c
    WHERE c.tenant_id = p_tenant AND c.meter = p_meters[at_meter] AND c.period_start = p_periods[at_meter];
    SELECT coalesce(sum(l.remaining), 0) INTO credits FROM metering_creditlot AS l
    WHERE l.tenant_id = p_tenant AND l.meter = p_meters[at_meter] AND l.remaining > 0
        AND (l.expires_at IS NULL OR l.expires_at > p_at);
    is_admitted := false;
    RETURN NEXT;
END $$
"""

# Write one line, its sums and its counter, and use up what p_reservation holds, in the period that reserved
# it. Answers with the counter as it stands and by how much used plus held grew; no row when p_key was
# recorded before, and then nothing was written.
RECORD = """
CREATE FUNCTION metering_record(
    p_tenant uuid, p_key text, p_reservation text, p_meter text, p_amount bigint, p_period date, p_day date,
    p_at timestamptz, p_lease_until timestamptz, p_subject text, p_project uuid, p_user uuid, p_detail jsonb
) RETURNS TABLE (period_start date, grown bigint, taken bigint) LANGUAGE plpgsql AS $$
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
    INSERT INTO metering_quotacounter AS c (tenant_id, meter, period_start, used, held)
    VALUES (p_tenant, p_meter, metering_record.period_start, p_amount, 0)
    ON CONFLICT (tenant_id, meter, period_start) DO UPDATE
    SET used = c.used + excluded.used, held = c.held - used_up
    RETURNING c.used + c.held INTO taken;
    INSERT INTO metering_usagedaily AS d (tenant_id, meter, period_start, day, amount)
    VALUES (p_tenant, p_meter, metering_record.period_start, p_day, p_amount)
    ON CONFLICT (tenant_id, meter, period_start, day) DO UPDATE SET amount = d.amount + excluded.amount;
    INSERT INTO metering_usageshare AS s (tenant_id, meter, period_start, kind, sharer_id, amount)
    VALUES (p_tenant, p_meter, metering_record.period_start, 'project', for_project, p_amount),
        (p_tenant, p_meter, metering_record.period_start, 'member', by_member, p_amount)
    ON CONFLICT (tenant_id, meter, period_start, kind, sharer_id)
    DO UPDATE SET amount = s.amount + excluded.amount;
    grown := p_amount - used_up;
    RETURN NEXT;
END $$
"""

# What comes back goes to credits first, to those that would last longest; expired ones take nothing back,
# then it is room in the plan. The counter must be locked by the caller.
RETURN_CREDITS = """
CREATE FUNCTION metering_return_credits(
    p_tenant uuid, p_meter text, p_period date, p_amount bigint, p_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    drawn record;
    part bigint;
    rest bigint := p_amount;
BEGIN
    PERFORM 1 FROM metering_creditlot WHERE tenant_id = p_tenant AND meter = p_meter ORDER BY id FOR UPDATE;
    FOR drawn IN
        SELECT d.id, d.lot_id, d.amount FROM metering_creditdraw AS d
            JOIN metering_creditlot AS l ON l.tenant_id = d.tenant_id AND l.id = d.lot_id
        WHERE d.tenant_id = p_tenant AND d.meter = p_meter AND d.period_start = p_period AND d.amount > 0
            AND (l.expires_at IS NULL OR l.expires_at > p_at)
        ORDER BY l.expires_at DESC NULLS FIRST, l.id DESC
    LOOP
        EXIT WHEN rest = 0;
        part := least(drawn.amount, rest);
        UPDATE metering_creditdraw SET amount = amount - part WHERE id = drawn.id;
        UPDATE metering_creditlot SET remaining = remaining + part WHERE id = drawn.lot_id;
        rest := rest - part;
    END LOOP;
    UPDATE metering_quotacounter SET credited = credited - (p_amount - rest)
    WHERE tenant_id = p_tenant AND meter = p_meter AND period_start = p_period;
END $$
"""

# Give back what p_key still holds; with p_is_lapsed only where the lease ended before p_at. How many meters.
FREE = """
CREATE FUNCTION metering_free(p_tenant uuid, p_key text, p_at timestamptz, p_is_lapsed boolean)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    rest metering_reservation;
    by_credits bigint;
    freed integer := 0;
BEGIN
    FOR rest IN
        SELECT * FROM metering_reservation
        WHERE tenant_id = p_tenant AND key = p_key AND state = 'held'
            AND (NOT p_is_lapsed OR lease_until < p_at)
        ORDER BY period_start DESC, meter FOR UPDATE
    LOOP
        UPDATE metering_reservation SET state = 'released', amount_held = 0 WHERE id = rest.id;
        UPDATE metering_quotacounter SET held = held - rest.amount_held
        WHERE tenant_id = p_tenant AND meter = rest.meter AND period_start = rest.period_start
        RETURNING least(credited, rest.amount_held) INTO by_credits;
        IF by_credits > 0 THEN
            PERFORM metering_return_credits(p_tenant, rest.meter, rest.period_start, by_credits, p_at);
        END IF;
        freed := freed + 1;
    END LOOP;
    RETURN freed;
END $$
"""

# Any number of meters as they stand: counter, limit in force, credits left, and what was added after p_since.
# A plan for each call would take longer than the call.
READ = """
CREATE FUNCTION metering_read(
    p_tenant uuid, p_meters text[], p_periods date[], p_limits bigint[], p_slacks integer[],
    p_at timestamptz, p_since date
) RETURNS TABLE (
    meter text, used bigint, held bigint, credited bigint, limit_amount bigint, slack integer,
    override_id bigint, credits bigint, recent bigint
) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT m.meter, coalesce(c.used, 0), coalesce(c.held, 0), coalesce(c.credited, 0),
        metering_limit(m.plan_limit, o.kind, o.limit_amount), coalesce(o.slack_percent::integer, m.slack), o.id,
        coalesce((
            SELECT sum(l.remaining) FROM metering_creditlot AS l
            WHERE l.tenant_id = p_tenant AND l.meter = m.meter AND l.remaining > 0
                AND (l.expires_at IS NULL OR l.expires_at > p_at)
        ), 0)::bigint,
        coalesce((
            SELECT sum(d.amount) FROM metering_usagedaily AS d
            WHERE d.tenant_id = p_tenant AND d.meter = m.meter AND d.period_start = m.period_start
                AND d.day > p_since
        ), 0)::bigint
    FROM unnest(p_meters, p_periods, p_limits, p_slacks) AS m (meter, period_start, plan_limit, slack)
    LEFT JOIN metering_quotacounter AS c
        ON c.tenant_id = p_tenant AND c.meter = m.meter AND c.period_start = m.period_start
    LEFT JOIN metering_limitoverride AS o
        ON o.tenant_id = p_tenant AND o.meter = m.meter AND o.ended_at IS NULL
            AND (o.expires_at IS NULL OR o.expires_at > p_at);
END $$
"""

# Make counter, sums and shares what ledger, reservations and draws say. Whoever writes a line waits for the
# counter's lock with its line not yet visible, so nothing is added twice.
REPAIR = """
CREATE FUNCTION metering_repair(p_tenant uuid, p_meter text, p_period date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO metering_quotacounter (tenant_id, meter, period_start, used, held)
    VALUES (p_tenant, p_meter, p_period, 0, 0) ON CONFLICT (tenant_id, meter, period_start) DO NOTHING;
    PERFORM 1 FROM metering_quotacounter
    WHERE tenant_id = p_tenant AND meter = p_meter AND period_start = p_period FOR UPDATE;
    UPDATE metering_quotacounter SET
        used = (SELECT coalesce(sum(amount), 0) FROM metering_usageevent
            WHERE tenant_id = p_tenant AND meter = p_meter AND period_start = p_period),
        held = (SELECT coalesce(sum(amount_held), 0) FROM metering_reservation
            WHERE tenant_id = p_tenant AND meter = p_meter AND period_start = p_period AND state = 'held'),
        credited = (SELECT coalesce(sum(amount), 0) FROM metering_creditdraw
            WHERE tenant_id = p_tenant AND meter = p_meter AND period_start = p_period)
    WHERE tenant_id = p_tenant AND meter = p_meter AND period_start = p_period;
    DELETE FROM metering_usagedaily
    WHERE tenant_id = p_tenant AND meter = p_meter AND period_start = p_period;
    INSERT INTO metering_usagedaily (tenant_id, meter, period_start, day, amount)
    SELECT p_tenant, p_meter, p_period, (at AT TIME ZONE 'UTC')::date, sum(amount) FROM metering_usageevent
    WHERE tenant_id = p_tenant AND meter = p_meter AND period_start = p_period GROUP BY 4;
    DELETE FROM metering_usageshare
    WHERE tenant_id = p_tenant AND meter = p_meter AND period_start = p_period;
    INSERT INTO metering_usageshare (tenant_id, meter, period_start, kind, sharer_id, amount)
    SELECT p_tenant, p_meter, p_period, s.kind, s.sharer_id, sum(e.amount)
    FROM metering_usageevent AS e
        CROSS JOIN LATERAL (VALUES ('project', e.project_id), ('member', e.user_id)) AS s (kind, sharer_id)
    WHERE e.tenant_id = p_tenant AND e.meter = p_meter AND e.period_start = p_period GROUP BY 4, 5;
END $$
"""

# The lines that were written before shares were kept.
SHARES = """
INSERT INTO metering_usageshare (tenant_id, meter, period_start, kind, sharer_id, amount)
SELECT tenant_id, meter, period_start, 'project', project_id, sum(amount)
FROM metering_usageevent GROUP BY 1, 2, 3, 5
UNION ALL
SELECT tenant_id, meter, period_start, 'member', user_id, sum(amount)
FROM metering_usageevent GROUP BY 1, 2, 3, 5
"""

NEW = (LIMIT, HOLD_BEYOND, HOLD, RECORD, RETURN_CREDITS, FREE, READ, REPAIR)
OLD = (first_edition.HOLD, first_edition.RECORD, first_edition.FREE)
DROP_OLD = "DROP FUNCTION metering_hold, metering_record, metering_free"
DROP_NEW = """
DROP FUNCTION metering_repair, metering_read, metering_free, metering_return_credits, metering_record, metering_hold,
    metering_hold_beyond, metering_limit
"""


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("metering", "0005_allowances")]

    operations = [
        migrations.RunSQL([DROP_OLD, *NEW], [DROP_NEW, *OLD]),
        migrations.RunSQL(SHARES, "DELETE FROM metering_usageshare"),
    ]
