"""One map of everything kept about people, gathered from the `personal_data` module of each app."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TypeVar, cast
from uuid import UUID

from django.apps import AppConfig, apps
from django.db import models

from cutroom.personal_data import AppData, CacheFamily, Fields, StorageArea, Stream, Table, ThirdParty

Declared = TypeVar("Declared")

# Tables without a model: the framework's list of migrations that ran.
TABLES_WITHOUT_MODEL = frozenset({"django_migrations"})


@dataclass(frozen=True, kw_only=True)
class Model:
    """A declared table together with the model it speaks of; `app` declared it."""

    app: str
    table: Table
    model: type[models.Model]

    @property
    def label(self) -> str:
        """As in `accounts.User`."""
        return self.table.model

    @property
    def columns(self) -> list[str]:
        """Names of the fields, in the model's own order."""
        return [field.name for field in self.model._meta.local_concrete_fields]


@dataclass(frozen=True)
class DataMap:
    """What every app declared, app by app in the order of INSTALLED_APPS."""

    declared: dict[str, AppData]

    def tables(self) -> Iterator[tuple[str, Table]]:
        """Every declared table with the app that declared it, known or stale."""
        for app, data in self.declared.items():
            yield from ((app, table) for table in data.tables)

    def models(self) -> list[Model]:
        """Every declared table that has a model, tables that others refer to first."""
        known = {model._meta.label: model for model in concrete_models()}
        found = [
            Model(app=app, table=table, model=known[table.model])
            for app, table in self.tables()
            if table.model in known
        ]
        return _referred_first(found)

    def personal(self) -> list[Model]:
        """Tables whose rows are somebody's."""
        return [each for each in self.models() if each.table.is_personal]

    def storage(self) -> list[StorageArea]:
        """Every declared area of the object store."""
        return [area for data in self.declared.values() for area in data.storage]

    def caches(self) -> list[CacheFamily]:
        """Every declared family of Redis keys."""
        return [family for data in self.declared.values() for family in data.caches]

    def parties(self) -> list[ThirdParty]:
        """Everybody outside who may receive data."""
        return [party for data in self.declared.values() for party in data.parties]

    def streams(self) -> list[Stream]:
        """Logs, backups and the like."""
        return [stream for data in self.declared.values() for stream in data.streams]

    def halt(self, *, at: datetime) -> None:
        """End what is under way for the tenant in context, in every app."""
        for data in self.declared.values():
            for stop in data.halts:
                stop(at)

    def take_leave(self, tenant_id: UUID) -> None:
        """Have everybody outside forget the tenant, in every app. Raises what they raise."""
        for data in self.declared.values():
            for leave in data.leaves:
                leave(tenant_id)

    def local_adapters(self) -> set[str]:
        """Dotted paths of providers that send nothing outside."""
        return {path for data in self.declared.values() for path in data.local_adapters}


@cache
def data_map() -> DataMap:
    """The map of this installation; read once, as code does not change while it runs."""
    return DataMap({config.label: data for config in apps.get_app_configs() if (data := _data_of(config))})


def concrete_models() -> list[type[models.Model]]:
    """Every model with a table of its own, those that only join two others included."""
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def group_of(table: Table, name: str) -> Fields:
    """The group in which a field is declared. Raises StopIteration for one that is not."""
    return next(group for group in table.fields if name in group.names)


def _data_of(config: AppConfig) -> AppData | None:
    name = f"{config.name}.personal_data"
    if find_spec(name) is None:
        return None
    # The ground package has the vocabulary under this name, and nothing to declare.
    return cast("AppData | None", getattr(import_module(name), "DATA", None))


def _referred_first(found: list[Model]) -> list[Model]:
    """So that rows can be loaded in this order and deleted in the reverse one. Cycles keep their order."""
    waiting, done, ordered = list(found), set[type[models.Model]](), list[Model]()
    present = {each.model for each in found}
    while waiting:
        ready = [each for each in waiting if _needs(each.model) & present <= done] or waiting[:1]
        ordered += ready
        done |= {each.model for each in ready}
        waiting = [each for each in waiting if each not in ready]
    return ordered


def _needs(model: type[models.Model]) -> set[type[models.Model]]:
    targets = {field.related_model for field in model._meta.local_concrete_fields if field.is_relation}
    return {cast(type[models.Model], target) for target in targets} - {model}
