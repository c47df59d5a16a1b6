"""What belongs to no other app: exports, the message queue, logs and error reports."""

from uuid import UUID

from django.db.models import Q

from cutroom import queues
from cutroom.personal_data import (
    WITH_THE_INSTALLATION,
    WITH_THE_PERSON,
    AppData,
    Basis,
    CacheFamily,
    Category,
    Erasure,
    ExportForm,
    Kept,
    Owner,
    StorageArea,
    Stream,
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

_HANDING_OVER = "To hand people their data"
_WORKING = "To hand work to background processes"
_MINUTES = Kept(text="minutes, until the work is done")

_REQUESTS = Kept(text="3 years after the answer", stream="privacy requests", days=3 * 365, since="closed_at")

_BACKUPS = "To bring everything back after a disaster"

_QUEUE_KEYS = (*queues.ALL, "celery*", "unacked*", "_kombu*")


def _files_of(tenant_id: UUID) -> Q:
    return Q(path__startswith=f"tenants/{tenant_id}/")


DATA = AppData(
    tables=[
        Table(
            model="gdpr.Export",
            owner=Owner(tenant="tenant", person="user_id"),
            purpose=_HANDING_OVER,
            basis=Basis.OBLIGATION,
            kept=Kept(text="90 days", stream="exports made", days=90, since="created_at"),
            fields=[
                activity("name", "is_whole", "created_at", "finished_at", "expires_at"),
                actor("user_id"),
                record("id", "tenant", "state", "progress", "attempt", "lease_until", "size_bytes"),
                record("rows", "files", "missing", "error"),
            ],
        ),
        Table(
            model="gdpr.BackupRun",
            purpose=_BACKUPS,
            basis=Basis.NONE,
            kept=WITH_THE_INSTALLATION,
            erasure=Erasure.LEAVE,
            fields=[
                record("id", "label", "state", "started_at", "finished_at", "error", "database_bytes"),
                record("media_files", "media_bytes", "uploaded_bytes", "verified_at", "drilled_at"),
                record("recovery_seconds", "removed_at"),
            ],
        ),
        Table(
            model="gdpr.Erasure",
            purpose="To erase whoever asks for it, and to prove it",
            basis=Basis.OBLIGATION,
            # Emptied of names and addresses by the erasure itself, which is the last to go.
            erasure=Erasure.LEAVE,
            kept=WITH_THE_INSTALLATION,
            fields=[
                record("id", "scope", "subject", "name", "contacts", "state", "token_hash", "requested_at"),
                record(
                    "purge_after",
                    "reminded_at",
                    "people",
                    "subscription",
                    "counts",
                    "error",
                    "retry_at",
                    "receipt",
                ),
                record("mailed_at", "finished_at"),
            ],
        ),
        Table(
            model="gdpr.LegalHold",
            purpose="To know until when the law keeps which row",
            basis=Basis.OBLIGATION,
            erasure=Erasure.LEAVE,
            kept=Kept(text="until the law lets the row go"),
            fields=[record("id", "model", "row", "statute", "until", "subject", "created_at")],
        ),
        Table(
            model="gdpr.Consent",
            owner=Owner(person="user"),
            purpose="To prove who agreed to what, and when it was taken back",
            basis=Basis.OBLIGATION,
            kept=WITH_THE_PERSON,
            fields=[activity("purpose", "is_given", "text", "channel", "at"), record("id", "user")],
        ),
        Table(
            model="gdpr.PrivacyRequest",
            owner=Owner(mailbox="email"),
            purpose="To answer requests about personal data in time, and to prove it",
            basis=Basis.OBLIGATION,
            kept=_REQUESTS,
            fields=[
                identity("email"),
                content("text", "answer", "extension_reason"),
                activity("kind", "state", "received_at", "due_at", "extended_at", "outcome", "closed_at"),
                secret("token_hash"),
                somebody_else("handled_by"),
                record("id", "warned_percent"),
            ],
        ),
        Table(
            model="gdpr.Breach",
            purpose="To document breaches, and to tell authority and people in time",
            basis=Basis.OBLIGATION,
            kept=WITH_THE_INSTALLATION,
            # The ids in it lead nowhere once their owners are erased.
            erasure=Erasure.LEAVE,
            fields=[
                record("id", "title", "detected_at", "began_at", "ended_at", "tenant_id", "user_id"),
                record("api_key_id", "session_id", "nature", "categories", "consequences", "measures"),
                record("affected_entries", "affected_tenants", "affected_people", "computed_at"),
                record("authority_notified_at", "people_notified_at", "why_not_notified"),
            ],
        ),
        Table(
            model="gdpr.BackedUpFile",
            owner=Owner(tenant_rows=_files_of),
            purpose=_BACKUPS,
            basis=Basis.INTEREST,
            kept=Kept(text="as long as the file is in a backup"),
            fields=[
                record("path", "size", "modified_at", "sha256", "object_name", "object_size"),
                record("object_sha256", "run"),
            ],
        ),
    ],
    storage=[
        StorageArea(
            area="exports",
            purpose=_HANDING_OVER,
            category=Category.CONTENT,
            basis=Basis.OBLIGATION,
            kept=Kept(text="24 hours"),
            # An export inside an export would double with each.
            form=ExportForm.EXCLUDED,
        ),
    ],
    caches=[
        CacheFamily(pattern=pattern, purpose=_WORKING, category=Category.RECORD, kept=_MINUTES)
        for pattern in _QUEUE_KEYS
    ],
    parties=[
        ThirdParty(
            name="Sentry",
            role="processor",
            purpose="To learn of faults in the program",
            receives=[Category.RECORD],
            region="chosen by the operator",
            agreement="https://sentry.io/legal/dpa/",
            setting="SENTRY_DSN",
            basis=Basis.INTEREST,
            erasure="reports hold opaque ids only and end by Sentry's own retention",
        ),
        ThirdParty(
            name="Trace collector",
            role="processor",
            purpose="To find out what is slow",
            receives=[Category.RECORD],
            region="chosen by the operator",
            setting="OTEL_EXPORTER_OTLP_ENDPOINT",
            basis=Basis.INTEREST,
            erasure="traces hold opaque ids only and end by the collector's own retention",
        ),
        ThirdParty(
            name="Backup store",
            role="processor",
            purpose=_BACKUPS,
            receives=[Category.CONTENT],
            region="chosen by the operator",
            setting="GDPR_BACKUP_STORE",
            basis=Basis.INTEREST,
            erasure="encrypted copies end with their backup; a restore repeats every erasure made since",
        ),
    ],
    streams=[
        Stream(
            name="logs",
            purpose="To find faults and misuse; they hold opaque ids, no names and no content",
            category=Category.RECORD,
            kept=Kept(text="30 days"),
            ended_by="the operator's log collector",
        ),
        Stream(
            name="backups",
            purpose=_BACKUPS,
            category=Category.CONTENT,
            kept=Kept(text="35 days"),
            ended_by="the backup command; a restore repeats every erasure made since",
            basis=Basis.INTEREST,
        ),
    ],
)
