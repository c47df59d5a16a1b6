"""What the metering app keeps about people: how much a workspace used, and who of it."""

from cutroom.personal_data import WITH_THE_TENANT, AppData, Owner, Table, actor, record, usage

_OF_TENANT = Owner(tenant="tenant")
_BY_MEMBER = Owner(tenant="tenant", person="user_id")
_COUNTING = "To count what a workspace uses, hold it to its plan and explain the bill"

DATA = AppData(
    tables=[
        Table(
            model="metering.QuotaCounter",
            owner=_OF_TENANT,
            purpose=_COUNTING,
            kept=WITH_THE_TENANT,
            fields=[usage("meter", "used", "held"), record("id", "tenant", "period_start")],
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
            owner=_OF_TENANT,
            purpose=_COUNTING,
            kept=WITH_THE_TENANT,
            fields=[usage("meter", "amount", "day"), record("id", "tenant", "period_start")],
        ),
        Table(
            model="metering.ThresholdCrossing",
            owner=_OF_TENANT,
            purpose=_COUNTING,
            kept=WITH_THE_TENANT,
            fields=[
                usage("meter", "percent", "limit_amount", "taken", "at"),
                record("id", "tenant", "period_start"),
            ],
        ),
    ],
)
