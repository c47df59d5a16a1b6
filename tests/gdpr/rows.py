"""Rows of any declared table, made from the data map alone: Acme's or Alice's, every text in them marked."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Field, ForeignKey, Model

from accounts.models import User
from cutroom import clock
from gdpr.data_map import data_map, group_of
from tenants import storage
from tenants.models import Tenant
from tests.cast import Cast

LONGEST_MARK = 12
MARKED_SHAPES = ("djstripe.Event.data", "gdpr.BackedUpFile.path")
# What a field must look like for the rest of the program; everything else follows from its type.
SHAPES: dict[str, Callable[[Rows, str], Any]] = {
    "accounts.Session.tenant_id": lambda rows, mark: rows.cast.acme.pk,
    "djstripe.Event.data": lambda rows, mark: {"object": {"customer": rows.customer_id, "mark": mark}},
    "gdpr.BackedUpFile.path": lambda rows, mark: f"tenants/{rows.cast.acme.pk}/assets/{mark}",
    "metering.AlertChoice.percents": lambda rows, mark: [80],
}


class Rows:
    """Makes rows as the owner, past signals and services. `marks` maps each mark to the column it is in."""

    cast: Cast

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.marks: dict[str, str] = {}
        self._made: dict[type[Model], Model] = {Tenant: cast.acme, User: cast.alice}
        self._being_made: set[type[Model]] = set()
        self._to_link: list[tuple[type[Model], ForeignKey[Any, Any], type[Model]]] = []
        self._maps = {each.model: each for each in data_map().models()}

    @property
    def customer_id(self) -> str:
        """Stripe's id of Acme."""
        customer: Any = self.once(apps.get_model("djstripe", "Customer"))
        return str(customer.id)

    def make(self, model: type[Model], **given: Any) -> Model:
        """A row of Acme's or Alice's with its own mark in every text column; what it needs is made too."""
        self._being_made.add(model)
        fields = model._meta.local_concrete_fields
        values = {field.attname: self._value(model, field) for field in fields if field.name not in given}
        self._being_made.discard(model)
        is_numbered = isinstance(model._meta.pk, models.AutoField)
        if is_numbered and model._meta.pk is not None:
            values.pop(model._meta.pk.attname, None)
        row = model(**values, **given)
        (row,) = model._base_manager.using("owner").bulk_create([row])
        self._made.setdefault(model, row)
        self._link_to(row)
        return row

    def _link_to(self, row: Model) -> None:
        """Fill the references of rows that were made before the row they refer to."""
        for model, field, target in self._to_link:
            if target is type(row) and model is not target:
                value = getattr(row, field.target_field.attname)
                model._base_manager.using("owner").filter(**{field.name: None}).update(
                    **{field.attname: value}
                )
        self._to_link = [link for link in self._to_link if link[2] is not type(row)]

    def has(self, model: type[Model]) -> bool:
        """Was a row of this model made already?"""
        return model in self._made

    def once(self, model: type[Model]) -> Model:
        """The row of a model that was made already, or a new one."""
        return self._made.get(model) or self.make(model)

    def _value(self, model: type[Model], field: Field[Any, Any]) -> Any:
        label = f"{model._meta.label}.{field.name}"
        if isinstance(field, ForeignKey):
            return self._reference(model, field)
        if label in SHAPES:
            return SHAPES[label](self, self._mark(label) if label in MARKED_SHAPES else "")
        owner = self._maps[model].table.owner
        if field.name == owner.mailbox:
            return self.cast.alice.email
        if group_of(self._maps[model].table, field.name).names_person or field.name == owner.person:
            return self.cast.alice.pk
        return self._plain(label, field)

    def _reference(self, model: type[Model], field: ForeignKey[Any, Any]) -> Any:
        target: Any = field.related_model
        is_ours = self._maps[target].table.is_personal
        if field.null and not is_ours:
            return None
        if target in self._being_made or (field.null and self._waits(target)):
            self._to_link.append((model, field, target))
            return None
        row = (
            self.once(target) if is_ours else target._base_manager.using("owner").first() or self.once(target)
        )
        return getattr(row, field.target_field.attname)

    def _waits(self, target: type[Model]) -> bool:
        """Can no row of this model be made before one that is being made?"""
        return not self.has(target) and any(
            isinstance(field, ForeignKey) and not field.null and field.related_model in self._being_made
            for field in target._meta.local_concrete_fields
        )

    def _plain(self, label: str, field: Field[Any, Any]) -> Any:
        kind = field.get_internal_type()
        if field.choices:
            return next(value for value, _ in field.flatchoices)
        if kind in ("CharField", "TextField", "SlugField", "EmailField", "URLField"):
            return self._text(label, field)
        if kind == "BinaryField":
            return self._mark(label).encode()
        if kind == "JSONField":
            mark = self._mark(label)
            return [mark] if field.get_default() == [] else {"mark": mark}
        if kind == "UUIDField":
            return uuid.uuid4()
        return _number_or_time(kind)

    def _text(self, label: str, field: Field[Any, Any]) -> str:
        if (field.max_length or LONGEST_MARK) < LONGEST_MARK:
            return "x"
        mark = self._mark(label)
        if field.name == "storage_key":
            return storage.storage_key(tenant_id=self.cast.acme.pk, area="assets", name=mark)
        return f"{mark}@acme.test" if field.get_internal_type() == "EmailField" else mark

    def _mark(self, label: str) -> str:
        """A new mark; nobody's rows get one that is not looked for."""
        model = apps.get_model(label.rpartition(".")[0])
        if not self._maps[model].table.is_personal:
            return f"nobody-{len(self.marks)}"
        mark = f"zq{len(self.marks):05d}mark"
        self.marks[mark] = label
        return mark


def _number_or_time(kind: str) -> Any:
    now = clock.now()
    return {
        "DateTimeField": now,
        "DateField": now.date(),
        "DurationField": timedelta(seconds=1),
        "BooleanField": False,
        "GenericIPAddressField": "203.0.113.9",
    }.get(kind, 1)
