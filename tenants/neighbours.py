"""Tenants beside the demo user's, so that whoever tries the console finds something in it. For development.

Each app's `neighbours` module furnishes them with its part by the ways of the product, so it agrees with
ledger, audit chain and the stand-in for Stripe. No film is made up: a backup would miss one that has no file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tenants import audit, suspension
from tenants.context import tenant_context
from tenants.models import OperatorNote, Tenant


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """One of them. `minutes` are rendered a day, `plan` is paid for, or `given` by an operator."""

    slug: str
    name: str
    person: str
    minutes: int = 0
    plan: str = ""
    given: str = ""
    wants_minutes: int = 0
    has_broken_job: bool = False
    note: str = ""
    is_suspended: bool = False

    @property
    def email(self) -> str:
        """The address of its admin."""
        return f"{self.person}@{self.slug}.example"


NEIGHBOURS = (
    Neighbour(slug="fjord-media", name="Fjord Media", person="mara", plan="pro", minutes=61),
    Neighbour(slug="oak-and-iron", name="Oak & Iron", person="tom", minutes=33, wants_minutes=900),
    Neighbour(slug="nine-letters", name="Nine Letters", person="ida", minutes=8, has_broken_job=True),
    Neighbour(slug="school-of-tides", name="School of Tides", person="ravi", given="enterprise", minutes=21),
    Neighbour(
        slug="cheap-views",
        name="Cheap Views",
        person="max",
        minutes=2,
        note="Uploaded films of others. Two complaints, ticket 311; talk to us before you restore it.",
        is_suspended=True,
    ),
)

AGE = timedelta(days=42)

Furnish = Callable[[Tenant, Neighbour, datetime], None]
_furnishings: dict[str, tuple[int, Furnish]] = {}


def furnishes(name: str, *, order: int) -> Callable[[Furnish], Furnish]:
    """Declare what an app gives each neighbour, outside any transaction; small `order` first."""

    def declare(function: Furnish) -> Furnish:
        _furnishings[name] = (order, function)
        return function

    return declare


def move_in(neighbour: Neighbour, *, at: datetime) -> Tenant:
    """Make the tenant, six weeks old, and furnish it."""
    tenant = Tenant(slug=neighbour.slug, name=neighbour.name, email=neighbour.email)
    with tenant_context(tenant.pk):
        tenant.save(force_insert=True)
        Tenant.objects.filter(pk=tenant.pk).update(created_at=at - AGE)
        audit.record("tenant.created", target=f"tenant:{tenant.pk}")
    for _, furnish in sorted(_furnishings.values(), key=lambda each: each[0]):
        furnish(tenant, neighbour, at)
    return tenant


@furnishes("suspension", order=90)
def close(tenant: Tenant, neighbour: Neighbour, at: datetime) -> None:
    """The note and the suspension of one that was closed."""
    with tenant_context(tenant.pk):
        if neighbour.note:
            OperatorNote.objects.create(text=neighbour.note, created_at=at)
        if neighbour.is_suspended:
            suspension.suspend()
            audit.record("tenant.suspended", target=f"tenant:{tenant.pk}", detail={"reason": neighbour.note})
