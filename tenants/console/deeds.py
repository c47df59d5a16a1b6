"""Deeds: what an operator can do to things of tenants. Each app declares its own with `@deed`.

A deed asks for a reason, says what will happen, is audited in its own transaction and happens once a key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid5

from django import forms
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from cutroom.errors import DomainError, NotFound
from tenants import audit
from tenants.context import Actor, tenant_context

SHORTEST_REASON = 10
MOST_TARGETS = 200
NO_TENANT = UUID(int=0)


class ReasonForm(forms.Form):
    """Every deed has a reason."""

    reason = forms.CharField(
        label="Reason",
        min_length=SHORTEST_REASON,
        max_length=500,
        widget=forms.Textarea(attrs={"class": "in", "rows": 2}),
        help_text=f"{SHORTEST_REASON} characters or more. It stays in the audit log, which the tenant reads.",
        error_messages={
            "required": "Say why: somebody will ask a year from now.",
            "min_length": f"Say why, in {SHORTEST_REASON} characters or more.",
        },
    )


@dataclass(frozen=True, kw_only=True)
class Target:
    """A thing a deed is done to. `refusal` says why it cannot be done to this one now; empty when it can.

    What belongs to no tenant has NO_TENANT, and is audited in the operator's own.
    """

    tenant_id: UUID
    kind: str
    id: str
    label: str
    url: str
    refusal: str = ""

    @property
    def name(self) -> str:
        """As the audit log names it."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Who wants a deed done and why, with what was chosen in its form. `key` is the same for a repeat."""

    key: UUID
    operator: Actor
    home: UUID
    reason: str
    at: datetime
    choices: Mapping[str, Any] = field(default_factory=dict)

    @property
    def operator_id(self) -> UUID | None:
        """The operator as a user."""
        return self.operator.operator_id


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one target: done, done before by the same key, or refused with a sentence."""

    target: Target
    is_done: bool
    refusal: DomainError | None = None
    result: Any = None


class Deed:
    """Something that an operator can do. A subclass says to what, what will happen, and does it."""

    name: ClassVar[str]
    title: ClassVar[str]
    button: ClassVar[str]
    done: ClassVar[str] = "Done"
    form: ClassVar[type[ReasonForm]] = ReasonForm
    is_dangerous: ClassVar[bool] = False
    # The tenant reads its audit log; a reason that is not for it is left out.
    has_public_reason: ClassVar[bool] = True

    def targets(self, ids: Sequence[UUID]) -> list[Target]:
        """The things of these ids that exist, read across tenants as the ops role."""
        raise NotImplementedError

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """Sentences that say what will happen. `choices` is empty before anything was chosen."""
        raise NotImplementedError

    def perform(self, target: Target, wish: Wish) -> Any:
        """Do it to one target, inside its tenant's context. A DomainError refuses it: nothing happened."""
        raise NotImplementedError

    def initial(self, targets: Sequence[Target]) -> dict[str, Any]:
        """What the form starts with."""
        return {}

    def after(self, request: HttpRequest, outcomes: Sequence[Outcome]) -> HttpResponse | None:
        """Where to go after a deed that does not end on the page of its target."""
        return None

    @property
    def has_choices(self) -> bool:
        """Is there more to decide than whether, so that a second page asks once more?"""
        return set(self.form.base_fields) != {"reason"}


_deeds: dict[str, Deed] = {}


def deed(kind: type[Deed]) -> type[Deed]:
    """Declare a deed."""
    _deeds[kind.name] = kind()
    return kind


Declare = Callable[[type[Deed]], type[Deed]]


def by_name(name: str) -> Deed:
    """A declared deed. Raises NotFound."""
    if name not in _deeds:
        raise NotFound()
    return _deeds[name]


def names() -> list[str]:
    """Every declared deed."""
    return sorted(_deeds)


def carry_out(chosen: Deed, targets: Sequence[Target], wish: Wish) -> list[Outcome]:
    """Do it to each target that is not refused, each with its audit entry in a transaction of its own."""
    return [_carry_out(chosen, target, wish) for target in targets if not target.refusal]


def _carry_out(chosen: Deed, target: Target, wish: Wish) -> Outcome:
    try:
        home = wish.home if target.tenant_id == NO_TENANT else target.tenant_id
        with tenant_context(home, actor=wish.operator):
            if not _claim(chosen, target, wish):
                return Outcome(target=target, is_done=False)
            result = chosen.perform(target, wish)
    except DomainError as refusal:
        return Outcome(target=target, is_done=False, refusal=refusal)
    return Outcome(target=target, is_done=True, result=result)


def _claim(chosen: Deed, target: Target, wish: Wish) -> bool:
    """Write the audit entry, whose id follows from key and target: a second one waits here, and fails."""
    detail = {name: _plain(value) for name, value in wish.choices.items()}
    if chosen.has_public_reason:
        detail["reason"] = wish.reason
    try:
        with transaction.atomic():
            audit.record(
                f"operator.{chosen.name}",
                target=target.name,
                detail=detail,
                entry_id=uuid5(wish.key, target.name),
            )
    except IntegrityError:
        return False
    return True


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
