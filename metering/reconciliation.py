"""Proof that the counters are the ledger: every sum of every tenant, compared in one snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connections

# One statement sees one snapshot, so this is exact while renders are being settled.
COMPARE = """
WITH counter AS (
    SELECT tenant_id, meter, period_start, used, held FROM metering_quotacounter
), ledger AS (
    SELECT tenant_id, meter, period_start, sum(amount) AS ledger FROM metering_usageevent GROUP BY 1, 2, 3
), daily AS (
    SELECT tenant_id, meter, period_start, sum(amount) AS daily FROM metering_usagedaily GROUP BY 1, 2, 3
), reserved AS (
    SELECT tenant_id, meter, period_start, sum(amount_held) AS reserved FROM metering_reservation
    WHERE state = 'held' GROUP BY 1, 2, 3
)
SELECT tenant_id, meter, period_start, coalesce(used, 0), coalesce(ledger, 0)::bigint,
    coalesce(daily, 0)::bigint, coalesce(held, 0), coalesce(reserved, 0)::bigint
FROM counter
    FULL JOIN ledger USING (tenant_id, meter, period_start)
    FULL JOIN daily USING (tenant_id, meter, period_start)
    FULL JOIN reserved USING (tenant_id, meter, period_start)
ORDER BY 1, 2, 3
"""


@dataclass(frozen=True)
class Balance:
    """One meter of one tenant in one period, as counter, ledger, daily sums and reservations have it."""

    tenant_id: UUID
    meter: str
    period_start: date
    used: int
    ledger: int
    daily: int
    held: int
    reserved: int

    @property
    def is_exact(self) -> bool:
        """Do all records say the same?"""
        return self.used == self.ledger == self.daily and self.held == self.reserved

    def as_json(self) -> dict[str, Any]:
        """Plain values, amounts in the smallest unit."""
        plain = {"tenant_id": str(self.tenant_id), "period_start": self.period_start.isoformat()}
        return {**asdict(self), **plain}


def balances() -> Iterator[Balance]:
    """Every balance there is, of all tenants, read by the ops role."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(COMPARE)
        yield from (Balance(*row) for row in cursor.fetchall())
