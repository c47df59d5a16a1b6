"""The API keys of a tenant: made with a wish, ended with a grace, announced before they end by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from accounts import api_keys, conf, outbox
from accounts.models import ApiKey
from cutroom.errors import Conflict
from tenants import audit
from tenants.context import current_tenant_id, tenant_context
from tenants.models import Membership, Role, Tenant
from tenants.roles import ALL_SCOPES

MOST_KEYS = 100
# What one key may be limited to.
LONGEST_NAME = 80
MOST_NETWORKS = 20
MOST_REQUESTS = 100_000
LONGEST_DAYS = 3650
# How many days before a key ends the admins of its tenant are told.
WARNINGS = (14, 3, 1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a key shall be: `networks` are CIDR (anywhere when empty), `ends_at` is None for no end."""

    name: str = ""
    scopes: tuple[str, ...] = ALL_SCOPES
    networks: tuple[str, ...] = ()
    requests_a_minute: int | None = None
    ends_at: datetime | None = None


def wish_of(key: ApiKey, *, at: datetime) -> Wish:
    """The wish that makes a successor of this key; one with an end gets as long a life again."""
    life = key.expires_at - key.created_at if key.expires_at else None
    return Wish(
        name=key.name,
        scopes=tuple(key.scopes),
        networks=tuple(key.networks),
        requests_a_minute=key.requests_a_minute,
        ends_at=at + life if life else None,
    )


def make(wish: Wish, *, user_id: UUID | None, at: datetime) -> tuple[str, ApiKey]:
    """A key of the tenant in context. Shown once, stored nowhere. Raises Conflict when there are too many."""
    if listed().count() >= MOST_KEYS:
        raise Conflict(f"There are {MOST_KEYS} keys, as many as there may be. Revoke one first.")
    plain = api_keys.new_key()
    key = ApiKey.objects.create(
        name=wish.name,
        digest=api_keys.key_digest(plain),
        prefix=plain[:12],
        last_four=plain[-4:],
        scopes=sorted(wish.scopes),
        networks=list(wish.networks),
        requests_a_minute=wish.requests_a_minute,
        created_by=user_id,
        created_at=at,
        expires_at=wish.ends_at,
        warned_days=_passed(wish.ends_at, at=at),
    )
    audit.record("api-key.made", target=f"api-key:{key.pk}", detail={"scopes": key.scopes})
    return plain, key


def listed() -> QuerySet[ApiKey]:
    """The keys of the tenant in context that nobody revoked, newest first."""
    return ApiKey.objects.filter(revoked_at=None).order_by("-created_at")


def end(keys: QuerySet[ApiKey], *, ends_at: datetime, at: datetime) -> None:
    """Let keys stop at a time, or earlier if they would anyway. Whoever asks for that needs no warning."""
    for key in keys:
        key.expires_at = min(key.expires_at or ends_at, ends_at)
        key.warned_days = _passed(key.expires_at, at=at)
        key.save(update_fields=["expires_at", "warned_days"])


def warn_of_ends(*, at: datetime) -> int:
    """Mail the admins of every tenant 14, 3 and 1 days before one of its keys ends; returns how many keys.

    Any number of workers may do this at once: each warning is claimed by the row's lock.
    """
    everybody = ApiKey.everywhere.using("ops")
    soon = everybody.filter(
        revoked_at=None, expires_at__gt=at, expires_at__lte=at + max(WARNINGS) * _DAY
    ).values_list("tenant_id", "pk")
    return sum(_warn(tenant_id, key_id, at=at) for tenant_id, key_id in list(soon))


def tell_admins(key: ApiKey, *, subject: str, sentence: str, at: datetime) -> None:
    """Mail every admin of the tenant in context about one of its keys. Call inside the deed's transaction."""
    context = {
        "subject": subject,
        "sentence": sentence,
        "key": key,
        "tenant": Tenant.objects.get(pk=current_tenant_id()),
        "at": at,
        "site_url": conf.site_url(),
    }
    admins = Membership.objects.filter(role=Role.ADMIN, user__is_active=True)
    for email in admins.values_list("user__email", flat=True):
        outbox.enqueue(kind="api_key", recipient=email, context=context, at=at, useful_for=2 * _DAY)


def _warn(tenant_id: UUID, key_id: UUID, *, at: datetime) -> bool:
    with tenant_context(tenant_id):
        key = ApiKey.objects.select_for_update().filter(pk=key_id, revoked_at=None).first()
        days = _passed(key.expires_at, at=at) if key else None
        if key is None or days is None or (key.warned_days is not None and key.warned_days <= days):
            return False
        key.warned_days = days
        key.save(update_fields=["warned_days"])
        in_days = "tomorrow" if days == 1 else f"in {days} days"
        tell_admins(
            key,
            subject=f"An API key ends {in_days}",
            sentence=f"It stops working at {key.expires_at:%H:%M} UTC on {key.expires_at:%-d %B %Y}. "
            "Make a new one before that, and give it to the programs that use this one.",
            at=at,
        )
    return True


def _passed(ends_at: datetime | None, *, at: datetime) -> int | None:
    """The last of the warnings whose time has come; None before the first."""
    if ends_at is None:
        return None
    return min((days for days in WARNINGS if ends_at - at <= days * _DAY), default=None)
