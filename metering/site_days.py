"""The sum of all tenants by day, for the operator: a roll-up of a roll-up, brought up to date every hour."""

from __future__ import annotations

from django.db import connections

# Late lines go to earlier days, so the last days are summed again.
ROLL_UP = """
INSERT INTO metering_siteday (meter, day, amount)
SELECT meter, day, sum(amount) FROM metering_usagedaily
WHERE day >= coalesce((SELECT max(day) - 3 FROM metering_siteday), '-infinity') GROUP BY meter, day
ON CONFLICT (meter, day) DO UPDATE SET amount = excluded.amount
"""


def roll_up() -> int:
    """Bring SiteDay up to UsageDaily, from three days before its end; how many rows. Safe to repeat."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(ROLL_UP)
        return int(cursor.rowcount)
