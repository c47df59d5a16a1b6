"""Settings of the tenants app, read lazily so that tests can override them."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, kw_only=True)
class Product:
    """What members come for, in words that complete "may …". API keys have `<scope>:read` and `:write`.

    `promise` is a sentence for those who sign in.
    """

    scope: str = "product"
    may: str = "make, see, change and delete what the workspace is for"
    reads: str = "see what members made"
    writes: str = "make, change and delete it"
    promise: str = ""


_AREAS = ("assets", "cache", "videos", "exports", "audit")


def resolvers() -> list[str]:
    """TENANTS_RESOLVERS: dotted paths of callables that turn a request into a Principal, or None."""
    return list(getattr(settings, "TENANTS_RESOLVERS", []))


def role(alias: str) -> str:
    """The database role behind a connection alias (default, ops, owner)."""
    return str(settings.DATABASES[alias]["USER"])


def backup_role() -> str:
    """TENANTS_BACKUP_ROLE: the role that may read every table and write none; empty if there is none."""
    return str(getattr(settings, "TENANTS_BACKUP_ROLE", ""))


def entitlements() -> str:
    """TENANTS_ENTITLEMENTS: dotted path of what tells a tenant's plan; a higher storey answers."""
    return str(settings.TENANTS_ENTITLEMENTS)


def lasting_refusals() -> tuple[str, ...]:
    """TENANTS_LASTING_REFUSALS: path prefixes whose refusals are committed, such as a wrong code's count."""
    return tuple(getattr(settings, "TENANTS_LASTING_REFUSALS", ()))


def own_transactions() -> tuple[str, ...]:
    """TENANTS_OWN_TRANSACTIONS: path prefixes whose views call other services, so they open their own."""
    return tuple(getattr(settings, "TENANTS_OWN_TRANSACTIONS", ()))


def open_while_deleting() -> tuple[str, ...]:
    """TENANTS_OPEN_WHILE_DELETING: path prefixes that may change things of a tenant that is to be deleted."""
    return tuple(getattr(settings, "TENANTS_OPEN_WHILE_DELETING", ()))


def webhook_events() -> dict[str, str]:
    """TENANTS_WEBHOOK_EVENTS: what endpoints may subscribe to, and what each tells."""
    return dict(getattr(settings, "TENANTS_WEBHOOK_EVENTS", {}))


def product() -> Product:
    """TENANTS_PRODUCT: what members come for, by the fields of `Product`. Read once, at the start."""
    return Product(**getattr(settings, "TENANTS_PRODUCT", {}))


def storage_areas() -> frozenset[str]:
    """TENANTS_STORAGE_AREAS: the folders of a tenant. Another product names its own beside exports, audit."""
    return frozenset(getattr(settings, "TENANTS_STORAGE_AREAS", _AREAS))
