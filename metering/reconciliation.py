"""Proof that the counters are the ledger: every sum of every tenant, compared in one snapshot; and repair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection, connections

from metering import snapshot
from tenants import audit
from tenants.context import tenant_context

# One statement sees one snapshot, so this is exact while renders are being settled.
COMPARE = """
WITH counter AS (
    SELECT tenant_id, meter, period_start, used, held, credited FROM metering_quotacounter
), ledger AS (
    SELECT tenant_id, meter, period_start, sum(amount) AS ledger FROM metering_usageevent GROUP BY 1, 2, 3
), daily AS (
    SELECT tenant_id, meter, period_start, sum(amount) AS daily FROM metering_usagedaily GROUP BY 1, 2, 3
), shares AS (
    SELECT tenant_id, meter, period_start, sum(amount) FILTER (WHERE kind = 'project') AS by_project,
        sum(amount) FILTER (WHERE kind = 'member') AS by_member
    FROM metering_usageshare GROUP BY 1, 2, 3
), reserved AS (
    SELECT tenant_id, meter, period_start, sum(amount_held) AS reserved FROM metering_reservation
    WHERE state = 'held' GROUP BY 1, 2, 3
), draws AS (
    SELECT tenant_id, meter, period_start, sum(amount) AS drawn FROM metering_creditdraw GROUP BY 1, 2, 3
)
SELECT tenant_id, meter, period_start, coalesce(used, 0), coalesce(ledger, 0)::bigint,
    coalesce(daily, 0)::bigint, coalesce(by_project, 0)::bigint, coalesce(by_member, 0)::bigint,
    coalesce(held, 0), coalesce(reserved, 0)::bigint, coalesce(credited, 0), coalesce(drawn, 0)::bigint
FROM counter
    FULL JOIN ledger USING (tenant_id, meter, period_start)
    FULL JOIN daily USING (tenant_id, meter, period_start)
    FULL JOIN shares USING (tenant_id, meter, period_start)
    FULL JOIN reserved USING (tenant_id, meter, period_start)
    FULL JOIN draws USING (tenant_id, meter, period_start)
ORDER BY 1, 2, 3
"""
LOTS = """
SELECT l.tenant_id, l.id, l.amount, l.remaining, coalesce(sum(d.amount), 0)::bigint
FROM metering_creditlot AS l LEFT JOIN metering_creditdraw AS d ON d.lot_id = l.id
GROUP BY l.tenant_id, l.id HAVING l.amount <> l.remaining + coalesce(sum(d.amount), 0) ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Balance:
    """One meter of one tenant in one period, as each of its records has it.

    Counter, ledger, days, projects and members must agree on what was used, counter and reservations on what
    is held, counter and draws on what credits pay.
    """

    tenant_id: UUID
    meter: str
    period_start: date
    used: int
    ledger: int
    daily: int
    by_project: int
    by_member: int
    held: int
    reserved: int
    credited: int
    drawn: int

    @property
    def is_exact(self) -> bool:
        """Do all records say the same?"""
        is_used_exact = {self.used} == {self.ledger, self.daily, self.by_project, self.by_member}
        return is_used_exact and self.held == self.reserved and self.credited == self.drawn

    def as_json(self) -> dict[str, Any]:
        """Plain values, amounts in the smallest unit."""
        plain = {"tenant_id": str(self.tenant_id), "period_start": self.period_start.isoformat()}
        return {**asdict(self), **plain}


@dataclass(frozen=True)
class WrongLot:
    """A credit lot whose rest and draws are not its amount. Nothing repairs it: the draws are the proof."""

    tenant_id: UUID
    lot_id: int
    amount: int
    remaining: int
    drawn: int

    def as_json(self) -> dict[str, Any]:
        """Plain values, amounts in the smallest unit."""
        return {**asdict(self), "tenant_id": str(self.tenant_id)}


def balances() -> Iterator[Balance]:
    """Every balance there is, of all tenants, read by the ops role."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(COMPARE)
        yield from (Balance(*row) for row in cursor.fetchall())


def wrong_lots() -> list[WrongLot]:
    """Credit lots of all tenants that do not add up, read by the ops role."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(LOTS)
        return [WrongLot(*row) for row in cursor.fetchall()]


def repair(balance: Balance) -> None:
    """Make the counter and the sums of a balance what ledger, reservations and draws say, and audit it.

    The ledger itself is never touched. What moves meanwhile waits, and is added afterwards.
    """
    with tenant_context(balance.tenant_id):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT metering_repair(%s, %s, %s)",
                [balance.tenant_id, balance.meter, balance.period_start],
            )
        audit.record("usage.repaired", target=f"meter:{balance.meter}", detail={"before": balance.as_json()})
        snapshot.forget_after_commit(balance.tenant_id)
