"""Who may do what in a tenant: the one table. docs/roles.md, the permissions and their test come from it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from tenants import conf
from tenants.models import Role

_PRODUCT = conf.product()


class Capability(TextChoices):
    """Something a member may be allowed to do; the label completes "may …"."""

    USE_PRODUCT = "use-product", _PRODUCT.may
    SEE_USAGE = "see-usage", "see usage, limits and the ledger"
    MANAGE_LIMITS = "manage-limits", "ask for higher limits, choose at which thresholds mail is sent"
    SEE_PLAN = "see-plan", "see the plan and what other plans offer"
    SEE_TEAM = "see-team", "see who is in the workspace"
    LEAVE_TEAM = "leave-team", "leave the workspace"
    MANAGE_MEMBERS = "manage-members", "invite people, change roles, remove members, hand over the workspace"
    MANAGE_TENANT = "manage-tenant", "rename the workspace and change its settings"
    MANAGE_BILLING = "manage-billing", "change the plan, pay, see invoices"
    MANAGE_KEYS = "manage-keys", "make, list and revoke API keys"
    MANAGE_WEBHOOKS = "manage-webhooks", "add, change and remove webhook endpoints, see what they were sent"
    HEAR_EVENTS = "hear-events", "read the messages that webhook endpoints are sent"
    SEE_AUDIT = "see-audit", "read the audit log"
    SEE_BACKUPS = "see-backups", "see when everything was last backed up and checked"
    EXPORT_OWN = "export-own", "export what is kept about them"
    EXPORT_TENANT = "export-tenant", "export everything the workspace has"
    DELETE_TENANT = "delete-tenant", "delete the workspace"


class Scope(TextChoices):
    """What an API key may be limited to; the label completes "may …"."""

    PRODUCT_READ = f"{_PRODUCT.scope}:read", _PRODUCT.reads
    PRODUCT_WRITE = f"{_PRODUCT.scope}:write", _PRODUCT.writes
    USAGE_READ = "usage:read", "see usage, limits and the ledger"
    PLAN_READ = "plan:read", "see the plan and what other plans offer"
    EVENTS_READ = "events:read", "read the messages that webhook endpoints are sent"
    BACKUPS_READ = "backups:read", "see when everything was last backed up"


ALL_SCOPES = tuple(scope.value for scope in Scope)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Who besides a signed-in admin, who may do everything. A key needs the scope `reads`, or `writes`.

    `writes` is asked for whatever changes something, and is `reads` where nothing else is named.
    """

    creator: bool = False
    reads: Scope | None = None
    writes: Scope | None = None

    @property
    def api_key(self) -> bool:
        """May any key do this?"""
        return self.reads is not None

    def scope(self, *, is_writing: bool) -> Scope | None:
        """The scope that a key needs; None where no key will do."""
        return (self.writes or self.reads) if is_writing else self.reads


TABLE: dict[Capability, Rule] = {
    Capability.USE_PRODUCT: Rule(creator=True, reads=Scope.PRODUCT_READ, writes=Scope.PRODUCT_WRITE),
    Capability.SEE_USAGE: Rule(creator=True, reads=Scope.USAGE_READ),
    Capability.MANAGE_LIMITS: Rule(),
    Capability.SEE_PLAN: Rule(creator=True, reads=Scope.PLAN_READ),
    Capability.SEE_TEAM: Rule(creator=True),
    Capability.LEAVE_TEAM: Rule(creator=True),
    Capability.MANAGE_MEMBERS: Rule(),
    Capability.MANAGE_TENANT: Rule(),
    Capability.MANAGE_BILLING: Rule(),
    Capability.MANAGE_KEYS: Rule(),
    Capability.MANAGE_WEBHOOKS: Rule(),
    Capability.HEAR_EVENTS: Rule(creator=True, reads=Scope.EVENTS_READ),
    Capability.SEE_AUDIT: Rule(),
    Capability.SEE_BACKUPS: Rule(creator=True, reads=Scope.BACKUPS_READ),
    Capability.EXPORT_OWN: Rule(creator=True),
    Capability.EXPORT_TENANT: Rule(),
    Capability.DELETE_TENANT: Rule(),
}

_HEAD = """# Roles

Two roles, and the API keys of a tenant. A role is read from the database for every request, so a change or a
removal holds on the very next one. Who may not do something gets `403 permission-denied`.

This page is generated from `tenants/roles.py`. One test compares the two, another asks every endpoint and
page as an admin, as a creator and with API keys of all scopes and of none.

| may | admin | creator | API key with |
|---|---|---|---|
"""
_TAIL = """
## Scopes of API keys

A key may do what its scopes name, and without one nothing but ask who it is (`GET /api/auth/me`). A key that
lacks a scope gets `403 insufficient-scope`, which names it. Where two are listed the second is for requests
that change something.

| scope | may |
|---|---|
{scopes}

A key belongs to the tenant, not to the person who made it, and stays when that person leaves. The last admin
cannot leave, be removed or become a creator; a tenant always has one.
"""


def may(role: Role, capability: Capability) -> bool:
    """May a signed-in person of this role do this?"""
    return role == Role.ADMIN or TABLE[capability].creator


def key_may(scopes: frozenset[str], capability: Capability, *, is_writing: bool) -> bool:
    """May an API key with these scopes do this?"""
    return TABLE[capability].scope(is_writing=is_writing) in scopes


def as_markdown() -> str:
    """The text of docs/roles.md."""
    rows = (
        f"| {capability.label} | yes | {'yes' if rule.creator else 'no'} | {_scopes(rule)} |"
        for capability, rule in TABLE.items()
    )
    scopes = "\n".join(f"| `{scope.value}` | {scope.label} |" for scope in Scope)
    return _HEAD + "\n".join(rows) + "\n" + _TAIL.format(scopes=scopes)


def _scopes(rule: Rule) -> str:
    return ", ".join(f"`{scope.value}`" for scope in (rule.reads, rule.writes) if scope) or "no"
