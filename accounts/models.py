"""Tables of the accounts app. None belongs to one tenant except ApiKey: a person may be in several."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

from accounts.second_factor import models as _second_factor  # noqa: F401  # Django finds its tables by this
from tenants.models import Role, TenantOwned


class UserManager(BaseUserManager["User"]):
    """Makes users from addresses; nobody here has a password."""

    def create_user(self, email: str, **fields: Any) -> User:
        """A person who signs in by mail."""
        user = self.model(email=email, **fields)
        user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, **fields: Any) -> User:
        """An operator of the console."""
        return self.create_user(email, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by a normalised mail address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email


class UnwantedMail(models.Model):
    """A person does without one kind of mail; which kinds that can be, `mail_choices` says."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="unwanted_mail_once")]

    def __str__(self) -> str:
        return self.kind


class LoginRequest(models.Model):
    """One question "may I in?". The link's token and the code are stored as hashes only.

    `invitation_hash` names the invitation that whoever answers it accepts by signing in.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField()
    token_hash = models.CharField(max_length=64, unique=True)
    code_hash = models.CharField(max_length=64)
    code_tries = models.PositiveSmallIntegerField(default=0)
    asker_hash = models.CharField(max_length=64, blank=True)
    ip = models.GenericIPAddressField(null=True)
    device = models.CharField(max_length=200, blank=True)
    next_path = models.CharField(max_length=200, blank=True)
    invitation_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["email", "-created_at"], name="login_by_email")]

    def __str__(self) -> str:
        return str(self.id)


class Session(models.Model):
    """A signed-in device. Its id is the `sid` of every access token and page cookie it has.

    `signed_in_at` is when the person last proved who they are, `second_factor_at` when with a second factor.
    `operator_id` is an operator who acts as the person by this session.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    tenant_id = models.UUIDField()
    ip = models.GenericIPAddressField(null=True)
    device = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    signed_in_at = models.DateTimeField()
    second_factor_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=32, blank=True)
    operator_id = models.UUIDField(null=True)

    def __str__(self) -> str:
        return str(self.id)


class RefreshToken(models.Model):
    """One link in a session's chain of refresh tokens, stored as a hash.

    `successor_sealed` is the next token, encrypted with the presented one, so that only a holder of the old
    token can be given the same successor again during the grace.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="refresh_tokens")
    token_hash = models.CharField(max_length=64, unique=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    successor_sealed = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"refresh token {self.pk}"


class ApiKey(TenantOwned):
    """A program's key. The secret is shown once; only its HMAC is kept.

    `scopes` is all it may do, `networks` where from (anywhere when empty), `requests_a_minute` how often (as
    the plan says when empty). `warned_days` is the last warning before the end that needs no repeating.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=16)
    last_four = models.CharField(max_length=4)
    scopes = models.JSONField(default=list)
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    last_used_ip = models.GenericIPAddressField(null=True)
    last_used_device = models.CharField(max_length=200, blank=True)
    networks = models.JSONField(default=list)
    requests_a_minute = models.PositiveIntegerField(null=True)
    expires_at = models.DateTimeField(null=True)
    warned_days = models.PositiveSmallIntegerField(null=True)
    leaked_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="api_key_by_age"),
            models.Index(fields=["expires_at"], name="api_key_ending", condition=models.Q(revoked_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…{self.last_four}"


class Invitation(TenantOwned):
    """An address asked to join a tenant. Of the token only a hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.UUIDField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once",
            )
        ]
        indexes = [models.Index(fields=["tenant", "-created_at", "-id"], name="invitation_by_age")]

    def __str__(self) -> str:
        return str(self.id)

    def has_expired(self, at: datetime) -> bool:
        """Is it too old to be accepted?"""
        return self.expires_at <= at


class OutboxMail(models.Model):
    """A mail waiting to leave. Written in the transaction that wants it, sent by a worker."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=32)
    recipient = models.EmailField()
    subject = models.CharField(max_length=200)
    body_sealed = models.BinaryField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    give_up_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="mail_waiting", condition=models.Q(sent_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class SuppressionReason(models.TextChoices):
    """Why an address gets no mail."""

    BOUNCED = "bounced", "Mail to it came back."
    COMPLAINED = "complained", "Its reader marked a mail as spam."


class SuppressedAddress(models.Model):
    """An address that mail must not go to, as a digest: it can be looked up, but not read."""

    digest = models.CharField(max_length=64, primary_key=True)
    reason = models.CharField(max_length=16, choices=SuppressionReason)
    provider = models.CharField(max_length=32)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.digest[:8]} {self.reason}"


class RateBucket(models.Model):
    """Where limits are counted while Redis does not answer."""

    key = models.CharField(max_length=120)
    window = models.BigIntegerField()
    count = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "window"], name="rate_bucket_once")]

    def __str__(self) -> str:
        return f"{self.key} {self.window}"
