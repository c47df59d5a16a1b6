"""What letters keep about people. Export, erasure, retention and /privacy follow from it."""

from cutroom.personal_data import WITH_THE_TENANT, AppData, Owner, Table, actor, content, record

DATA = AppData(
    tables=[
        Table(
            model="letters.Letter",
            is_portable=True,
            owner=Owner(tenant="tenant", person="written_by"),
            purpose="To write and keep letters",
            kept=WITH_THE_TENANT,
            fields=[
                content("text", "has_letterhead"),
                actor("written_by"),
                record("id", "tenant", "written_at"),
            ],
        )
    ]
)
