"""A charge that is plainly within the limit writes no reservation: nothing is held between its two moves."""

from importlib import import_module

from django.db import migrations

second_edition = import_module("metering.migrations.0011_charge")

# Without overrides, credits or a reservation under the same key the counter alone decides: one update, one line
# and its sums. Everything else is held and recorded as before, by `metering_charge_held`.
HELD = second_edition.CHARGE.replace("FUNCTION metering_charge(", "FUNCTION metering_charge_held(")

HEAD, _, _ = second_edition.CHARGE.partition("BEGIN\n")

BODY = """BEGIN
    IF NOT EXISTS (SELECT FROM metering_limitoverride WHERE tenant_id = p_tenant AND ended_at IS NULL)
        AND NOT EXISTS (SELECT FROM metering_creditlot WHERE tenant_id = p_tenant AND remaining > 0)
        AND NOT EXISTS (
            SELECT FROM metering_reservation WHERE tenant_id = p_tenant AND key = p_key AND meter = p_meter)
    THEN
        UPDATE metering_quotacounter AS c SET used = c.used + p_amount
        WHERE c.tenant_id = p_tenant AND c.meter = p_meter AND c.period_start = p_period
            AND (p_slack < 0 OR p_limit IS NULL OR c.used + c.held - c.credited + p_amount <= p_limit)
        RETURNING c.used, c.held, c.credited INTO used, held, credited;
        is_admitted := FOUND;
    END IF;
    IF is_admitted IS NOT TRUE THEN
        IF EXISTS (SELECT FROM metering_usageevent WHERE tenant_id = p_tenant AND key = p_key) THEN
            -- Recorded before, so it is not refused now that the limit is reached.
            is_admitted := NULL;
            RETURN NEXT;
            RETURN;
        END IF;
        RETURN QUERY SELECT * FROM metering_charge_held(p_tenant, p_key, p_meter, p_period, p_amount, p_limit,
            p_slack, p_day, p_at, p_lease_until, p_subject, p_project, p_user);
        RETURN;
    END IF;

    INSERT INTO metering_usageevent (tenant_id, key, meter, amount, period_start, at, subject,
        project_id, user_id, detail)
    VALUES (p_tenant, p_key, p_meter, p_amount, p_period, p_at, p_subject, p_project, p_user, '{}')
    ON CONFLICT (tenant_id, key) DO NOTHING;
    IF NOT FOUND THEN
        -- Recorded by somebody who held the counter until now: nothing moves.
        UPDATE metering_quotacounter AS c SET used = c.used - p_amount
        WHERE c.tenant_id = p_tenant AND c.meter = p_meter AND c.period_start = p_period;
        is_admitted := NULL;
        RETURN NEXT;
        RETURN;
    END IF;

    -- The counter is locked, so nobody else writes these sums.
    UPDATE metering_usagedaily AS d SET amount = d.amount + p_amount
    WHERE d.tenant_id = p_tenant AND d.meter = p_meter AND d.period_start = p_period AND d.day = p_day;
    IF NOT FOUND THEN
        INSERT INTO metering_usagedaily (tenant_id, meter, period_start, day, amount)
        VALUES (p_tenant, p_meter, p_period, p_day, p_amount);
    END IF;
    INSERT INTO metering_usageshare AS s (tenant_id, meter, period_start, kind, sharer_id, amount)
    VALUES (p_tenant, p_meter, p_period, 'project', p_project, p_amount),
        (p_tenant, p_meter, p_period, 'member', p_user, p_amount)
    ON CONFLICT (tenant_id, meter, period_start, kind, sharer_id)
    DO UPDATE SET amount = s.amount + excluded.amount;
    limit_amount := p_limit;
    slack := p_slack;
    credits := 0;
    period_start := p_period;
    grown := 0;
    taken := used + held;
    RETURN NEXT;
END $$
"""

CHARGE = "".join([HEAD, BODY])


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("metering", "0011_charge")]

    operations = [
        migrations.RunSQL(
            ["DROP FUNCTION metering_charge", HELD, CHARGE],
            ["DROP FUNCTION metering_charge, metering_charge_held", second_edition.CHARGE],
        ),
    ]
