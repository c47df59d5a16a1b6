"""What the metering app keeps about people: how much a workspace used, and who of it."""

from typing import Any

from cutroom.personal_data import (
    WITH_THE_INSTALLATION,
    WITH_THE_TENANT,
    AppData,
    Basis,
    CacheFamily,
    Category,
    Erasure,
    Kept,
    Owner,
    Table,
    actor,
    content,
    record,
    somebody_else,
    usage,
)

_OF_TENANT = Owner(tenant="tenant")
_BY_MEMBER = Owner(tenant="tenant", person="user_id")
_BY_ASKER = Owner(tenant="tenant", person="asked_by")
_COUNTS = Kept(text="90 days", stream="storage counts", days=90, since="at")
_ALLOWING = "To give a workspace another limit than its plan, and to know who did and why"
_TELLING = "To warn a workspace before a limit is reached"
_COUNTING = "To count what a workspace uses, hold it to its plan and explain the bill"


def _as_settled(row: dict[str, Any]) -> dict[str, Any]:
    """What is held, and paid by credits, belongs to rows that do not come along."""
    return {**row, "held": 0, "credited": 0}


DATA = AppData(
    tables=[
        Table(
            model="metering.QuotaCounter",
            is_portable=True,
            on_import=_as_settled,
            owner=_OF_TENANT,
            purpose=_COUNTING,
            kept=WITH_THE_TENANT,
            fields=[usage("meter", "used", "held", "credited"), record("id", "tenant", "period_start")],
        ),
        Table(
            model="metering.Reservation",
            owner=_BY_MEMBER,
            purpose=_COUNTING,
            kept=WITH_THE_TENANT,
            fields=[
                usage("meter", "amount_held"),
                actor("user_id"),
                record("id", "tenant", "key", "period_start", "state", "lease_until", "project_id"),
                record("created_at"),
            ],
        ),
        Table(
            model="metering.UsageEvent",
            is_portable=True,
            owner=_BY_MEMBER,
            purpose=_COUNTING,
            kept=WITH_THE_TENANT,
            fields=[
                usage("meter", "amount", "subject", "detail", "at"),
                actor("user_id"),
                record("id", "tenant", "key", "period_start", "project_id"),
            ],
        ),
        Table(
            model="metering.UsageDaily",
            is_portable=True,
            owner=_OF_TENANT,
            purpose=_COUNTING,
            kept=WITH_THE_TENANT,
            fields=[usage("meter", "amount", "day"), record("id", "tenant", "period_start")],
        ),
        Table(
            model="metering.UsageShare",
            is_portable=True,
            owner=_OF_TENANT,
            purpose=_COUNTING,
            kept=WITH_THE_TENANT,
            fields=[
                usage("meter", "amount"),
                record("id", "tenant", "period_start", "kind", "sharer_id"),
            ],
        ),
        Table(
            model="metering.LimitOverride",
            owner=_OF_TENANT,
            purpose=_ALLOWING,
            kept=WITH_THE_TENANT,
            fields=[
                usage("meter", "kind", "limit_amount", "slack_percent"),
                content("reason"),
                somebody_else("author_id"),
                record("id", "tenant", "created_at", "expires_at", "ended_at"),
            ],
        ),
        Table(
            model="metering.CreditLot",
            owner=_OF_TENANT,
            purpose=_ALLOWING,
            kept=WITH_THE_TENANT,
            fields=[
                usage("meter", "amount", "remaining"),
                content("reason"),
                somebody_else("author_id"),
                record("id", "tenant", "key", "created_at", "expires_at"),
            ],
        ),
        Table(
            model="metering.CreditDraw",
            owner=_OF_TENANT,
            purpose=_COUNTING,
            kept=WITH_THE_TENANT,
            fields=[usage("meter", "amount"), record("id", "tenant", "lot", "period_start")],
        ),
        Table(
            model="metering.LimitRequest",
            owner=_BY_ASKER,
            purpose=_ALLOWING,
            kept=WITH_THE_TENANT,
            fields=[
                usage("meter", "wanted_amount", "limit_amount"),
                content("note", "answer"),
                actor("asked_by"),
                somebody_else("decided_by"),
                record("id", "tenant", "state", "created_at", "decided_at", "override"),
            ],
        ),
        Table(
            model="metering.Notice",
            owner=_BY_MEMBER,
            purpose=_TELLING,
            kept=Kept(text="90 days", stream="usage notices", days=90, since="due_at"),
            fields=[
                usage("kind", "meter", "detail"),
                actor("user_id"),
                record("id", "tenant", "key", "created_at", "due_at", "announced_at"),
            ],
        ),
        Table(
            model="metering.AlertChoice",
            owner=_OF_TENANT,
            purpose=_TELLING,
            kept=WITH_THE_TENANT,
            fields=[usage("percents"), record("id", "tenant")],
        ),
        Table(
            model="metering.SimulatedRefusal",
            owner=_OF_TENANT,
            purpose=_COUNTING,
            kept=Kept(text="90 days", stream="refusals that were only simulated", days=90, since="at"),
            fields=[
                usage("meter", "requested", "taken", "limit_amount", "at"),
                record("id", "tenant", "key", "period_start"),
            ],
        ),
        Table(
            model="metering.StorageCount",
            owner=_OF_TENANT,
            purpose=_COUNTING,
            kept=_COUNTS,
            fields=[
                usage("at", "stored_bytes", "level_bytes", "corrected_bytes"),
                record("id", "tenant"),
            ],
        ),
        Table(
            model="metering.UsageSegment",
            owner=_OF_TENANT,
            purpose="To prove what was counted, month by month",
            kept=WITH_THE_TENANT,
            fields=[
                usage("month", "lines", "totals"),
                record("id", "tenant", "part", "storage_key", "last_id", "sha256", "sealed_at"),
            ],
        ),
        Table(
            model="metering.SiteDay",
            purpose="To show the operator how much all workspaces use together",
            kept=WITH_THE_INSTALLATION,
            basis=Basis.NONE,
            erasure=Erasure.LEAVE,
            fields=[record("id", "day", "meter", "amount")],
        ),
        Table(
            model="metering.ThresholdCrossing",
            is_portable=True,
            owner=_OF_TENANT,
            purpose=_COUNTING,
            kept=WITH_THE_TENANT,
            fields=[
                usage("meter", "percent", "limit_amount", "taken", "at"),
                record("id", "tenant", "period_start"),
            ],
        ),
    ],
    caches=[
        CacheFamily(
            pattern="cutroom:usage:{tenant_id}",
            purpose="To show how full the meters are on every page",
            category=Category.USAGE,
            kept=Kept(text="a minute"),
        )
    ],
)
