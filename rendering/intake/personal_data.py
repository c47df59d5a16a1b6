"""What is kept about uploads that are on their way in."""

from cutroom.personal_data import Kept, Owner, Table, actor, content, record

TABLES = [
    Table(
        model="rendering.Upload",
        owner=Owner(tenant="tenant", person="created_by"),
        purpose="To receive large files in pieces",
        kept=Kept(text="1 day", stream="uploads", days=2, since="created_at"),
        fields=[
            content("name", "error"),
            actor("created_by"),
            record("id", "tenant", "project", "scene", "asset", "length", "offset", "parts", "state"),
            record("slices", "error_code", "attempt", "failures", "not_before", "created_at", "expires_at"),
        ],
    ),
]
