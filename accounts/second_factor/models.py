"""Tables of the second factor. They belong to a person, except the rule a tenant sets for its members."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from tenants.models import TenantOwned


class AuthenticatorApp(models.Model):
    """A secret shared with an app that shows six digits (RFC 6238). Unconfirmed until it showed good ones."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    secret_sealed = models.BinaryField()
    # The time step of the last code accepted: no code of this or an earlier one counts again.
    last_step = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=~Q(confirmed_at=None), name="authenticator_app_once"
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(confirmed_at=None), name="authenticator_app_pending_once"
            ),
        ]

    def __str__(self) -> str:
        return f"authenticator app {self.pk}"


class Passkey(models.Model):
    """A key pair in somebody's phone, computer or security key (WebAuthn). Only the public half is here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=60)
    credential_id = models.BinaryField(unique=True)
    # AttestedCredentialData of WebAuthn section 6.5.2: aaguid, credential id, public key.
    credential = models.BinaryField()
    transports = models.JSONField(default=list)
    sign_count = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class RecoveryCode(models.Model):
    """One way in when everything else is lost. Kept as scrypt with the salt of its set."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    salt = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"recovery code {self.pk}"


class FactorChallenge(models.Model):
    """A question only a second factor answers, asked after the first one or before a weighty deed.

    Without a session it stands between the mailed link and a new session; with one it is asked of that.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    session = models.ForeignKey("accounts.Session", null=True, on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    passkey_challenge = models.BinaryField()
    tries = models.PositiveSmallIntegerField(default=0)
    next_path = models.CharField(max_length=200, blank=True)
    invitation_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.id)


class SignInRule(TenantOwned):
    """What a tenant asks of its members' sign-in. No row: nothing beyond the mailed link."""

    demands_second_factor = models.BooleanField(default=False)
    changed_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="sign_in_rule_once")]

    def __str__(self) -> str:
        return f"sign-in rule of {self.tenant_id}"
