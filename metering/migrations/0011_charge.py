"""Work that is done at once is held and recorded in one call, so in one round trip."""

from django.db import migrations

# metering_hold of one meter, then metering_record of a line that uses up all of it, under the same key. Where
# the limit does not admit it nothing is done, and the careful way of migration 0006 has the last word.
# The first columns are null when the key was held before, the last three when it was recorded before.
CHARGE = """
CREATE FUNCTION metering_charge(
    p_tenant uuid, p_key text, p_meter text, p_period date, p_amount bigint, p_limit bigint, p_slack integer,
    p_day date, p_at timestamptz, p_lease_until timestamptz, p_subject text, p_project uuid, p_user uuid
) RETURNS TABLE (
    is_admitted boolean, used bigint, held bigint, credited bigint, limit_amount bigint, slack integer,
    credits bigint, period_start date, grown bigint, taken bigint
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    SELECT h.is_admitted, h.used, h.held, h.credited, h.limit_amount, h.slack, h.credits
    INTO is_admitted, used, held, credited, limit_amount, slack, credits
    FROM metering_hold(p_tenant, p_key, ARRAY[p_meter], ARRAY[p_period], ARRAY[p_amount], ARRAY[p_limit],
        ARRAY[p_slack], p_at, p_lease_until, p_project, p_user) AS h;
    IF is_admitted IS NOT FALSE THEN
        SELECT r.period_start, r.grown, r.taken INTO period_start, grown, taken
        FROM metering_record(p_tenant, p_key, p_key, p_meter, p_amount, p_period, p_day, p_at, p_lease_until,
            p_subject, p_project, p_user, '{}') AS r;
    END IF;
    RETURN NEXT;
END $$
"""


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("metering", "0010_open_site_days")]

    operations = [migrations.RunSQL(CHARGE, "DROP FUNCTION metering_charge")]
