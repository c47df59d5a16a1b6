"""What is kept about connected channels and published videos."""

from cutroom.personal_data import (
    WITH_THE_TENANT,
    Category,
    Kept,
    Owner,
    Table,
    ThirdParty,
    actor,
    content,
    identity,
    record,
    secret,
)

_PURPOSE = "To put videos on the workspace's own YouTube channel"

TABLES = [
    Table(
        model="rendering.YouTubeChannel",
        owner=Owner(tenant="tenant", person="connected_by"),
        purpose=_PURPOSE,
        kept=Kept(text="until the channel is disconnected"),
        fields=[
            identity("channel_id", "title"),
            actor("connected_by"),
            secret("token_sealed"),
            record("id", "tenant", "connected_at", "broken"),
        ],
    ),
    Table(
        model="rendering.Publication",
        owner=Owner(tenant="tenant", person="created_by"),
        purpose=_PURPOSE,
        kept=WITH_THE_TENANT,
        fields=[
            content("title", "description", "privacy", "video_id", "note", "error"),
            actor("created_by"),
            secret("session_sealed"),
            record("id", "tenant", "job", "state", "bytes_sent", "bytes_total", "error_code", "attempt"),
            record("failures", "not_before", "lease_until", "created_at", "finished_at"),
        ],
    ),
]

PARTIES = [
    ThirdParty(
        name="Google (YouTube)",
        role="controller of its own; the workspace has a contract with it",
        purpose="To publish videos that somebody of the workspace chose, on its own channel",
        receives=[Category.CONTENT],
        region="European Economic Area and United States (EU-US Data Privacy Framework)",
        agreement="https://www.youtube.com/t/terms",
        setting="RENDERING_YOUTUBE_CLIENT_ID",
        erasure="the permission is revoked; published videos stay until the channel's owner removes them",
    ),
]
