"""Tables of the tenants app, and the base class of every row that belongs to a tenant."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.context import current_tenant_id
from tenants.managers import TenantManager


class TenantState(models.TextChoices):
    """What a tenant may do: work, only look, or wait for its erasure."""

    ACTIVE = "active", _("active")
    SUSPENDED = "suspended", _("suspended")
    DELETING = "deleting", _("deleting")


class Tenant(models.Model):
    """The paying boundary. Every tenant row points here; dj-stripe asks its subscriber for an `email`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=120)
    email = models.EmailField()
    state = models.CharField(max_length=16, choices=TenantState, default=TenantState.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.slug


class TenantOwned(models.Model):
    """A row that belongs to one tenant.

    Two walls guard it: `objects` raises without a tenant in context, and PostgreSQL row security is forced on
    the table by a post_migrate receiver. `everywhere` skips the first wall only. Each table has an index that
    begins with `tenant`, so the key has none of its own.
    """

    is_append_only: ClassVar[bool] = False
    # The weakest role that may write the table: app, ops or owner (see row_security).
    writer: ClassVar[str] = "app"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)

    objects = TenantManager["TenantOwned"]()
    everywhere = models.Manager["TenantOwned"]()

    class Meta:
        abstract = True
        base_manager_name = "everywhere"
        default_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, filling in the tenant in context when none was given."""
        if self.tenant_id is None:
            self.tenant_id = current_tenant_id()
        super().save(*args, **kwargs)


class Role(models.TextChoices):
    """What a member may do: an admin everything in the tenant, a creator the work."""

    ADMIN = "admin", _("admin")
    CREATOR = "creator", _("creator")


class Membership(TenantOwned):
    """A person inside a tenant, with a role."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=16, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.tenant_id} as {self.role}"


class AuditEntry(TenantOwned):
    """One thing somebody did, or was refused. Append-only; triggers refuse UPDATE and DELETE."""

    is_append_only = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField()
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=200, blank=True)
    is_denied = models.BooleanField(default=False)
    user_id = models.UUIDField(null=True)
    api_key_id = models.UUIDField(null=True)
    session_id = models.UUIDField(null=True)
    # An operator who acted as the user.
    operator_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    detail = models.JSONField(default=dict)

    class Meta(TenantOwned.Meta):
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["tenant", "-at", "-id"], name="audit_newest_first"),
            # For the operator, who reads the logs of all tenants.
            models.Index(fields=["-at", "-id"], name="audit_everywhere"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"


class AuditLink(TenantOwned):
    """An entry's place in its tenant's chain: `hash` covers the entry, its sequence and the hash before it.

    Written by a trigger when the entry's transaction commits; no role of the application may write it.
    """

    is_append_only = True
    writer = "owner"

    entry = models.OneToOneField(
        AuditEntry, on_delete=models.CASCADE, primary_key=True, related_name="link", db_constraint=False
    )
    sequence = models.BigIntegerField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "sequence"], name="audit_link_once")]

    def __str__(self) -> str:
        return f"{self.sequence} {self.hash}"


class AuditCheckpoint(TenantOwned):
    """A signed statement that the chain had this hash at entry `last`; its segment lies in the store.

    `document` is the signed bytes. `stored_at` is empty until segment and document are stored.
    """

    writer = "ops"

    number = models.IntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    document = models.BinaryField()
    created_at = models.DateTimeField()
    stored_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "number"], name="audit_checkpoint_once")]
        indexes = [
            models.Index(
                fields=["created_at"], name="audit_checkpoint_to_store", condition=models.Q(stored_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.first}-{self.last}"


class OperatorNote(TenantOwned):
    """What operators want to remember of a tenant. Members never see it; it leaves with the tenant."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    text = models.CharField(max_length=2000)
    author_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "-created_at", "-id"], name="operator_note_by_age")]

    def __str__(self) -> str:
        return self.text[:60]


class IdempotencyRecord(TenantOwned):
    """The first answer to a POST that carried an Idempotency-Key."""

    key = models.CharField(max_length=255)
    path = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=80)
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "path", "key"], name="idempotency_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_age")]

    def __str__(self) -> str:
        return f"{self.path} {self.key}"


class WebhookEndpoint(TenantOwned):
    """An address of the tenant's that is told when something has happened."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    url = models.URLField(max_length=500)
    description = models.CharField(max_length=120, blank=True)
    event_types = models.JSONField(default=list)
    secret_sealed = models.BinaryField()
    previous_secret_sealed = models.BinaryField(default=b"")
    previous_secret_until = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "-created_at", "-id"], name="webhook_by_age")]

    def __str__(self) -> str:
        return self.url

    @property
    def is_enabled(self) -> bool:
        """Whether new messages are sent to it."""
        return self.disabled_at is None


class WebhookMessage(TenantOwned):
    """Something that happened, as endpoints are told of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=60)
    data = models.JSONField()
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="webhook_message_in_order"),
            models.Index(fields=["created_at"], name="webhook_message_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.pk}"


class DeliveryState(models.TextChoices):
    """How far the telling has come."""

    PENDING = "pending", _("pending")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("failed")


class WebhookDelivery(TenantOwned):
    """One message on its way to one endpoint. `attempts` lists what each try met."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    message = models.ForeignKey(WebhookMessage, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.PENDING)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    attempts = models.JSONField(default=list)
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        verbose_name_plural = "webhook deliveries"
        constraints = [models.UniqueConstraint(fields=["endpoint", "message"], name="webhook_delivery_once")]
        indexes = [
            models.Index(fields=["tenant", "endpoint", "-created_at", "-id"], name="webhook_delivery_by_age"),
            models.Index(fields=["due_at"], condition=models.Q(state="pending"), name="webhook_delivery_due"),
        ]

    def __str__(self) -> str:
        return f"{self.state} after {self.tries}"


class Hold(models.Model):
    """While a row is here, nothing leaves this installation: no mail, no call that changes a third party."""

    reason = models.CharField(max_length=200)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return self.reason


class Tombstone(models.Model):
    """The id of a tenant that was erased: whatever is written for it afterwards is removed again."""

    id = models.UUIDField(primary_key=True, editable=False)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.id)
