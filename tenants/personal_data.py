"""What the tenants app keeps about people: workspaces, members, the audit log, outgoing webhooks."""

from typing import Any

from cutroom.personal_data import (
    WITH_THE_INSTALLATION,
    WITH_THE_TENANT,
    AppData,
    Basis,
    Category,
    Erasure,
    Kept,
    Owner,
    StorageArea,
    Table,
    ThirdParty,
    activity,
    actor,
    content,
    identity,
    record,
    secret,
    somebody_else,
)

_OF_TENANT = Owner(tenant="tenant")
_ANSWERS = Kept(text="1 day", stream="answers to repeated requests", days=1, since="created_at")
_MESSAGES = Kept(text="30 days", stream="webhook messages", days=30, since="created_at")

_AUDIT = "To prove who did what, and that nobody changed the proof"
_WEBHOOKS = "To tell programs of the workspace what happened"


def _open(row: dict[str, Any]) -> dict[str, Any]:
    """An export made while a deletion waited is loaded to be worked with."""
    return {**row, "state": "active"}


DATA = AppData(
    tables=[
        Table(
            model="tenants.Tenant",
            is_portable=True,
            on_import=_open,
            owner=Owner(tenant="id"),
            purpose="To know which workspace owns what, and whom to write to about it",
            kept=WITH_THE_TENANT,
            fields=[identity("slug", "name", "email"), record("id", "state", "created_at")],
        ),
        Table(
            model="tenants.Tombstone",
            purpose="To keep anything from being written for a workspace that was erased",
            kept=WITH_THE_INSTALLATION,
            basis=Basis.OBLIGATION,
            erasure=Erasure.LEAVE,
            fields=[record("id", "at")],
        ),
        Table(
            model="tenants.Membership",
            is_portable=True,
            owner=Owner(tenant="tenant", person="user"),
            purpose="To know who works in a workspace, and what they may do",
            kept=WITH_THE_TENANT,
            fields=[record("id", "tenant", "user", "role", "created_at")],
        ),
        Table(
            model="tenants.AuditEntry",
            owner=Owner(tenant="tenant", person="user_id"),
            purpose=_AUDIT,
            basis=Basis.INTEREST,
            kept=WITH_THE_TENANT,
            fields=[
                activity("at", "action", "target", "is_denied", "detail"),
                actor("user_id"),
                somebody_else("operator_id"),
                record("id", "tenant", "api_key_id", "session_id", "request_id"),
            ],
        ),
        Table(
            model="tenants.AuditLink",
            owner=_OF_TENANT,
            purpose=_AUDIT,
            basis=Basis.INTEREST,
            kept=WITH_THE_TENANT,
            fields=[record("tenant", "entry", "sequence", "previous", "hash")],
        ),
        Table(
            model="tenants.AuditCheckpoint",
            owner=_OF_TENANT,
            purpose=_AUDIT,
            basis=Basis.INTEREST,
            kept=WITH_THE_TENANT,
            fields=[
                record("id", "tenant", "number", "first", "last", "hash", "document"),
                record("created_at", "stored_at"),
            ],
        ),
        Table(
            model="tenants.OperatorNote",
            owner=_OF_TENANT,
            purpose="To help a workspace without asking it the same thing twice",
            basis=Basis.INTEREST,
            kept=WITH_THE_TENANT,
            fields=[content("text"), somebody_else("author_id"), record("id", "tenant", "created_at")],
        ),
        Table(
            model="tenants.IdempotencyRecord",
            owner=_OF_TENANT,
            purpose="To do a request that was sent twice only once",
            kept=_ANSWERS,
            fields=[
                content("body"),
                record("id", "tenant", "key", "path", "request_hash", "status", "content_type", "headers"),
                record("created_at"),
            ],
        ),
        Table(
            model="tenants.WebhookEndpoint",
            owner=_OF_TENANT,
            purpose=_WEBHOOKS,
            kept=WITH_THE_TENANT,
            fields=[
                content("url", "description", "event_types"),
                secret("secret_sealed", "previous_secret_sealed"),
                record("id", "tenant", "previous_secret_until", "disabled_at", "disabled_reason"),
                record("created_at"),
            ],
        ),
        Table(
            model="tenants.WebhookMessage",
            owner=_OF_TENANT,
            purpose=_WEBHOOKS,
            kept=_MESSAGES,
            fields=[content("data"), record("id", "tenant", "type", "created_at")],
        ),
        Table(
            model="tenants.WebhookDelivery",
            owner=_OF_TENANT,
            purpose=_WEBHOOKS,
            kept=_MESSAGES,
            fields=[
                activity("attempts"),
                record("id", "tenant", "endpoint", "message", "state", "tries", "due_at"),
                record("created_at", "delivered_at"),
            ],
        ),
        Table(
            model="tenants.Hold",
            purpose="To keep a restored copy from writing to anybody",
            basis=Basis.NONE,
            kept=WITH_THE_INSTALLATION,
            erasure=Erasure.LEAVE,
            fields=[record("id", "reason", "since")],
        ),
    ],
    storage=[
        StorageArea(
            area="audit",
            purpose=_AUDIT,
            category=Category.ACTIVITY,
            basis=Basis.INTEREST,
            kept=WITH_THE_TENANT,
        ),
    ],
    parties=[
        ThirdParty(
            name="Webhook addresses of the workspace",
            role="recipient chosen by the workspace",
            purpose=_WEBHOOKS,
            receives=[Category.RECORD, Category.USAGE],
            region="chosen by the workspace",
            erasure="no longer written to; what they keep is the workspace's own matter",
        ),
    ],
)
