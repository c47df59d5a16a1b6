"""Rows the law keeps after an erasure: cut down to what it asks for, and deleted when it lets them go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Field, ForeignKey, JSONField, Model, QuerySet

from cutroom import clock
from cutroom.personal_data import Erasure, Hold
from gdpr import data_map
from gdpr.models import LegalHold

Key = tuple[str, Any]


def keep(each: data_map.Model, keys: list[Any], *, subject: UUID) -> set[Key]:
    """Cut held rows of a table down and note until when they stay; rows that they cannot do without.

    Those are noted too, so that they go at the same time.
    """
    hold = each.table.hold
    if hold is None:
        return set()
    needed: set[Key] = set()
    for row in each.model._base_manager.using("owner").filter(pk__in=keys):
        until = _end(row, hold)
        _note((each.label, row.pk), hold=hold, until=until, subject=subject)
        for other in _needed_by(row):
            _note(other, hold=hold, until=until, subject=subject)
            needed.add(other)
        _cut_down(row, hold)
    return needed


def over(*, at: datetime) -> QuerySet[LegalHold]:
    """Holds whose last day has passed."""
    return LegalHold.objects.filter(until__lt=at.date())


def release(*, at: datetime) -> int:
    """Delete every row whose law has let it go; how many. Nobody has to think of it."""
    removed = 0
    known = {each.label: each.model for each in data_map.data_map().models()}
    ended = list(over(at=at))
    # Foreign keys are judged when the transaction ends, so the order does not matter.
    with transaction.atomic(using="owner"):
        for label in {hold.model for hold in ended} & set(known):
            keys = [hold.row for hold in ended if hold.model == label]
            _forget(known[label], keys)
            removed += int(known[label]._base_manager.using("owner").filter(pk__in=keys)._raw_delete("owner"))
    LegalHold.objects.filter(pk__in=[hold.pk for hold in ended]).delete()
    return removed


def empty(rows: QuerySet[Model], names: list[str]) -> None:
    """Empty the named fields of rows, where they can be."""
    fields = {field.name: field for field in rows.model._meta.local_concrete_fields}
    values = {name: nothing(fields[name]) for name in names if _can_be_empty(fields[name])}
    if values:
        rows.update(**values)


def nothing(field: Field[Any, Any]) -> Any:
    """What a field holds that holds nothing."""
    if isinstance(field, JSONField):
        return {}
    return None if field.null else ""


def parts_of(value: Any, wanted: Any) -> Any:
    """The wanted parts of a JSON value; of lists, the wanted parts of each item. No text with an @ stays."""
    if isinstance(value, list):
        return [parts_of(item, wanted) for item in value]
    if isinstance(value, dict):
        chosen = wanted if isinstance(wanted, Mapping) else dict.fromkeys(value, True)
        return {name: parts_of(value[name], below) for name, below in chosen.items() if name in value}
    return "" if isinstance(value, str) and "@" in value else value


def _cut_down(row: Model, hold: Hold) -> None:
    fields = {field.name: field for field in row._meta.local_concrete_fields}
    values = {name: nothing(fields[name]) for name in hold.reduced}
    values |= {name: parts_of(getattr(row, name), wanted) for name, wanted in hold.kept_parts.items()}
    values |= {name: None for name, field in fields.items() if _leads_to_somebody(field) and field.null}
    if values:
        type(row)._base_manager.using("owner").filter(pk=row.pk).update(**values)


def _needed_by(row: Model) -> Iterator[Key]:
    """Rows that a held one must refer to, such as the customer of an invoice."""
    for field in row._meta.local_concrete_fields:
        value = getattr(row, field.attname)
        target: Any = field.related_model
        if isinstance(field, ForeignKey) and not field.null and _is_personal(target):
            for other in target._base_manager.using("owner").filter(**{field.target_field.name: value}):
                yield target._meta.label, other.pk


def _leads_to_somebody(field: Field[Any, Any]) -> bool:
    target: Any = field.related_model
    return isinstance(field, ForeignKey) and _is_personal(target) and not _is_book(target)


def _is_personal(model: type[Model]) -> bool:
    return bool(_tables()[model].is_personal)


def _is_book(model: type[Model]) -> bool:
    return _tables()[model].erasure is Erasure.HOLD


def _tables() -> dict[type[Model], Any]:
    return {each.model: each.table for each in data_map.data_map().models()}


def _end(row: Model, hold: Hold) -> date:
    """The last day: that of the year so many years after the one it began in."""
    began: Any = row
    for name in hold.since.split("__"):
        began = getattr(began, name, None)
    return date((began or clock.now()).year + hold.years, 12, 31)


def _note(key: Key, *, hold: Hold, until: date, subject: UUID) -> None:
    facts = {"statute": hold.statute, "until": until, "subject": subject, "created_at": clock.now()}
    known, is_new = LegalHold.objects.get_or_create(model=key[0], row=str(key[1]), defaults=facts)
    if not is_new and known.until < until:
        known.until = until
        known.save(update_fields=["until"])


def _forget(model: type[Model], keys: list[Any]) -> None:
    """Let go of rows that are about to be deleted: a younger book may still name an older one."""
    quote = connections["owner"].ops.quote_name
    for relation in model._meta.related_objects:
        field = relation.field
        if isinstance(field, ForeignKey) and field.null:
            table, column = quote(field.model._meta.db_table), quote(field.column)
            named = model._base_manager.using("owner").filter(pk__in=keys)
            values = list(named.values_list(field.target_field.attname, flat=True))
            with connections["owner"].cursor() as cursor:
                cursor.execute(f"UPDATE {table} SET {column} = NULL WHERE {column} = ANY(%s)", [values])  # noqa: S608  # names of our own models


def _can_be_empty(field: Field[Any, Any]) -> bool:
    is_text = field.get_internal_type() in ("CharField", "TextField", "EmailField", "JSONField")
    return not field.primary_key and not field.unique and (field.null or is_text)
