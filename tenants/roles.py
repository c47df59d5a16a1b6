"""Who may do what in a tenant: the one table. docs/roles.md, the permissions and their test come from it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from tenants.models import Role


class Capability(TextChoices):
    """Something a member may be allowed to do; the label completes "may …"."""

    MAKE_VIDEOS = "make-videos", "write scripts; render, watch, download and delete videos"
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


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Who besides a signed-in admin, who may do everything."""

    creator: bool = False
    api_key: bool = False


TABLE: dict[Capability, Rule] = {
    Capability.MAKE_VIDEOS: Rule(creator=True, api_key=True),
    Capability.SEE_USAGE: Rule(creator=True, api_key=True),
    Capability.MANAGE_LIMITS: Rule(),
    Capability.SEE_PLAN: Rule(creator=True, api_key=True),
    Capability.SEE_TEAM: Rule(creator=True),
    Capability.LEAVE_TEAM: Rule(creator=True),
    Capability.MANAGE_MEMBERS: Rule(),
    Capability.MANAGE_TENANT: Rule(),
    Capability.MANAGE_BILLING: Rule(),
    Capability.MANAGE_KEYS: Rule(),
    Capability.MANAGE_WEBHOOKS: Rule(),
    Capability.HEAR_EVENTS: Rule(creator=True, api_key=True),
    Capability.SEE_AUDIT: Rule(),
    Capability.SEE_BACKUPS: Rule(creator=True, api_key=True),
    Capability.EXPORT_OWN: Rule(creator=True),
    Capability.EXPORT_TENANT: Rule(),
    Capability.DELETE_TENANT: Rule(),
}

_HEAD = """# Roles

Two roles, and the API keys of a tenant. A role is read from the database for every request, so a change or a
removal holds on the very next one. Who may not do something gets `403 permission-denied`.

This page is generated from `tenants/roles.py`. One test compares the two, another asks every endpoint and
page as an admin, as a creator and with an API key.

| may | admin | creator | API key |
|---|---|---|---|
"""
_TAIL = """
A key belongs to the tenant, not to the person who made it, and stays when that person leaves. The last admin
cannot leave, be removed or become a creator; a tenant always has one.
"""


def may(role: Role, capability: Capability, *, is_person: bool) -> bool:
    """May a signed-in person of this role, or else an API key, do this?"""
    rule = TABLE[capability]
    if not is_person:
        return rule.api_key
    return role == Role.ADMIN or rule.creator


def as_markdown() -> str:
    """The text of docs/roles.md."""
    rows = (
        f"| {capability.label} | yes | {_word(rule.creator)} | {_word(rule.api_key)} |"
        for capability, rule in TABLE.items()
    )
    return _HEAD + "\n".join(rows) + "\n" + _TAIL


def _word(is_allowed: bool) -> str:
    return "yes" if is_allowed else "no"
